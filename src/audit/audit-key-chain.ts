import type { KeyObject } from 'node:crypto';
import { readAuditJws, signAuditJws } from '../crypto/audit-jws.ts';
import { type AuditSigner, readAuditPublicKey } from '../crypto/audit-keys.ts';
import type { AuditKeyEntity } from './audit-key.entity.ts';

/** The stored audit keys do not go back to the root of trust. `keyId` is the first that does not. */
export class AuditKeysBroken extends Error {
  override readonly name = 'AuditKeysBroken';

  constructor(readonly keyId: string) {
    super(`The audit key "${keyId}" is not the root of trust, nor introduced by a key that goes back to it`);
  }
}

/** Every audit key that goes back to the root of trust. */
export interface TrustedAuditKeys {
  /** The keyring's name of the newest; undefined while there is none. */
  readonly newestId: string | undefined;
  readonly ids: ReadonlySet<string>;
  find(thumbprint: string): KeyObject | undefined;
}

/** What introduces the key of `introduced`: signed by the key before, or by itself where it is the first. */
export const introduceKey = (by: AuditSigner, introduced: AuditSigner): string =>
  signAuditJws(by, 'key', { id: introduced.id, thumbprint: introduced.thumbprint });

/** Follows the stored keys from `root`, a thumbprint (RFC 7638). Throws AuditKeysBroken. */
export function trustKeys(stored: readonly AuditKeyEntity[], root: string): TrustedAuditKeys {
  const keys = new Map<string, KeyObject>();
  const ids = new Set<string>();
  let previous = '';
  for (let row = stored.find((each) => each.previous === ''); row; row = next(stored, previous)) {
    // Whoever owns the table can drop its primary key, and close a chain that is right into a ring without an end.
    if (ids.has(row.id)) throw new AuditKeysBroken(row.id);
    const { key, thumbprint } = readRow(row);
    if (ids.size === 0 ? thumbprint !== root : !isIntroduced(row, thumbprint, keys)) throw new AuditKeysBroken(row.id);
    keys.set(thumbprint, key);
    ids.add(row.id);
    previous = row.id;
  }
  const stray = stored.find(({ id }) => !ids.has(id));
  if (stray) throw new AuditKeysBroken(stray.id);
  return { newestId: previous === '' ? undefined : previous, ids, find: (thumbprint) => keys.get(thumbprint) };
}

const next = (stored: readonly AuditKeyEntity[], previous: string) => stored.find((row) => row.previous === previous);

function readRow({ id, publicKey }: AuditKeyEntity) {
  try {
    return readAuditPublicKey(publicKey);
  } catch {
    throw new AuditKeysBroken(id);
  }
}

function isIntroduced({ id, introduction }: AuditKeyEntity, thumbprint: string, keys: ReadonlyMap<string, KeyObject>) {
  const said = readAuditJws(introduction, 'key', (kid) => keys.get(kid));
  return JSON.stringify(said) === JSON.stringify({ id, thumbprint });
}
