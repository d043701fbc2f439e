import type { EntityManager } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import type { KeyName } from '../crypto/keyring-edit.ts';
import { findLiveNodes, type LiveNode } from './nodes.repository.ts';

/** As `Keyring.names` writes the key: purpose, id and a mark of its bytes. */
const nameIn = (names: readonly string[], { purpose, id }: KeyName) =>
  names.find((name) => name.startsWith(`${purpose}/${id}/`));

const listed = (nodes: readonly LiveNode[]) => nodes.map(({ name, id }) => `${name} (${id})`).join(', ');

/** Throws an Error that names every running server without this key: what is made with it, that server could not open. */
export async function requireOnEveryNode(manager: EntityManager, keyring: Keyring, key: KeyName): Promise<void> {
  const own = nameIn(keyring.names().held, key);
  const lacking = (await findLiveNodes(manager)).filter(({ keys }) => own === undefined || !keys.held.includes(own));
  if (lacking.length === 0) return;
  throw new Error(
    `These servers do not have the ${key.purpose} key "${key.id}" yet: ${listed(lacking)}. A keyring file is read again within seconds; after a change of KEYRING or of what KEYRING_COMMAND prints, restart each server`,
  );
}

/** Throws an Error that names every running server that still makes new values with this key. */
export async function refuseWhileActive(manager: EntityManager, key: KeyName): Promise<void> {
  const using = (await findLiveNodes(manager)).filter(({ keys }) => nameIn(keys.active, key) !== undefined);
  if (using.length > 0) {
    throw new Error(`The ${key.purpose} key "${key.id}" is still the active one of ${listed(using)}`);
  }
}

/** The running servers that still hold this key. */
export const findHolders = async (manager: EntityManager, key: KeyName): Promise<string | undefined> =>
  listed((await findLiveNodes(manager)).filter(({ keys }) => nameIn(keys.held, key) !== undefined)) || undefined;
