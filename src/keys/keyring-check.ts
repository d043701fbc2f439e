import type { EntityManager } from 'typeorm';
import { findAuditKeys } from '../audit/seals.repository.ts';
import { auditSigner } from '../crypto/audit-keys.ts';
import { indexUnder } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { open, SealBroken } from '../crypto/sealed.ts';
import { openSigningKey } from '../crypto/signing-keys.ts';
import { openPasswordHash } from '../crypto/stored-password.ts';
import { parseEmailAddress } from '../platform/email-address.ts';
import { findSigningKeys } from '../sessions/signing-keys.repository.ts';
import { findActivations } from './key-activations.ts';
import { countUses, findUsedKeys, isIndexNeeded } from './key-uses.repository.ts';
import { sampleDataKeys, sampleHashes, sampleIndexes } from './keyring-check.repository.ts';

/** A broken row alone must not stop the server; a key that opens none of so many is another one. */
const SAMPLES = 3;

const REMEDY =
  'Nothing was changed. Start with the keyring that this database was last used with, or with a copy of it: without it these values cannot be read, by anybody';

/**
 * Whether the keyring is the one that the database was sealed with. Throws an Error that names every key that is missing, with
 * the rows that need it, or the first that is another key of the same id. Reads a few rows of each key, however many there are.
 */
export async function checkKeyring(manager: EntityManager, keyring: Keyring, dataKeys: DataKeys): Promise<void> {
  const used = await findUsedKeys(manager);
  const missing: typeof used = [];
  for (const use of used.filter(({ purpose, id }) => !keyring.all(purpose).some((key) => key.id === id))) {
    // An index row of a retired key harms nobody where its person has one of the active key: `keys retire` deletes it. Else nobody
    // would be found, and everybody could be registered again.
    if (use.purpose !== 'index' || (await isIndexNeeded(manager, use.id, keyring.active('index').id)))
      missing.push(use);
  }
  if (missing.length > 0) {
    const lines: string[] = [];
    for (const { purpose, id, table } of missing) {
      const rows = (await countUses(manager, { purpose, id })).find((each) => each.table === table)?.rows ?? 0;
      lines.push(`- the ${purpose} key "${id}", which ${rows} rows of ${table} need`);
    }
    throw new Error(`The keyring lacks keys:\n${lines.join('\n')}\n${REMEDY}`);
  }
  await refuseOlderIndex(manager, keyring);
  for (const { purpose, id, table } of used) {
    const opens = await judgesOf(manager, keyring, dataKeys, { purpose, id, table });
    if (opens.length > 0 && !opens.some(isTrue)) {
      throw new Error(
        `The ${purpose} key "${id}" of the keyring is not the one that ${table} was sealed with. ${REMEDY}`,
      );
    }
  }
  await refuseOtherAuditKey(manager, keyring);
}

/** Its heads would be signed by a key that nobody introduced, and its events would pass for forged. */
async function refuseOtherAuditKey(manager: EntityManager, keyring: Keyring): Promise<void> {
  const held = new Set(keyring.all('audit').map(({ id }) => id));
  for (const { id, publicKey } of await findAuditKeys(manager)) {
    if (!held.has(id) || auditSigner(keyring, id).publicJwk.x === publicKey.toString('base64url')) continue;
    throw new Error(`The audit key "${id}" of the keyring is not the one that audit_keys knows. ${REMEDY}`);
  }
}

/**
 * Throws an Error where the address index has been rotated to a key that this keyring lacks: it is an older copy. A server with it would
 * write no row of that key, and whoever registered there could not be found by the others. The rows do not tell (everybody has one of each
 * key while a rotation is under way), the audit trail does.
 */
export async function refuseOlderIndex(manager: EntityManager, keyring: Keyring): Promise<void> {
  const [newest] = await findActivations(manager, keyring, 'index');
  const id = newest?.subjectId;
  if (!id || keyring.all('index').some((key) => key.id === id)) return;
  throw new Error(
    `The keyring lacks the index key "${id}", by which addresses are found since the last rotation: it is an older copy. ${REMEDY}`,
  );
}

type Judge = () => boolean;

async function judgesOf(
  manager: EntityManager,
  keyring: Keyring,
  dataKeys: DataKeys,
  { purpose, id, table }: { purpose: string; id: string; table: string },
): Promise<Judge[]> {
  if (table === 'data_keys') {
    return (await sampleDataKeys(manager, id, SAMPLES)).map((row) => () => dataKeys.unwrap(row) !== undefined);
  }
  if (purpose === 'pepper') {
    return (await sampleHashes(manager, id, SAMPLES)).map(
      ({ id: userId, ...stored }) =>
        () =>
          openPasswordHash(keyring, userId, stored) !== '',
    );
  }
  if (table === 'signing_keys') {
    const rows = (await findSigningKeys(manager)).filter(({ systemKeyId }) => systemKeyId === id);
    return rows.slice(0, SAMPLES).map((row) => () => openSigningKey(keyring, row).kid === row.id);
  }
  if (purpose !== 'index' || !keyring.all('index').some((key) => key.id === id)) return [];
  return (await sampleIndexes(manager, id, SAMPLES)).map(({ dataKey, email, index }) => () => {
    const place = { table: 'users', column: 'email', rowId: dataKey.userId };
    const address = parseEmailAddress(open(dataKeys.unwrap(dataKey), place, email));
    return address !== undefined && indexUnder(keyring, id, address.canonical).index.equals(index);
  });
}

function isTrue(judge: Judge): boolean {
  try {
    return judge();
  } catch (error) {
    if (error instanceof SealBroken) return false;
    throw error;
  }
}
