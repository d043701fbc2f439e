import type { EntityManager } from 'typeorm';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { PepperedRow } from './moves.repository.ts';

/** A few data keys under the wrapping key `id`. */
export const sampleDataKeys = (manager: EntityManager, id: string, limit: number): Promise<WrappedDataKey[]> =>
  manager.query(
    `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys
     WHERE wrapping_key_id = $1 LIMIT $2`,
    [id, limit],
  );

/** A few password hashes under the pepper `id`. */
export async function sampleHashes(manager: EntityManager, id: string, limit: number): Promise<PepperedRow[]> {
  const rows = await manager.query<{ id: UserId; hash: Buffer; pepperId: string }[]>(
    'SELECT id, password_hash AS hash, pepper_id AS "pepperId" FROM users WHERE pepper_id = $1 LIMIT $2',
    [id, limit],
  );
  return rows.map(({ id: userId, hash, pepperId }) => ({ id: userId, sealed: new Sealed<string>(hash), pepperId }));
}

/** A few people with an address and its index under the key `id`. */
export async function sampleIndexes(
  manager: EntityManager,
  id: string,
  limit: number,
): Promise<{ dataKey: WrappedDataKey; email: Sealed<string>; index: Buffer }[]> {
  const rows = await manager.query<(WrappedDataKey & { email: Buffer; index: Buffer })[]>(
    `SELECT k.id, k.user_id AS "userId", k.wrapped, k.wrapping_key_id AS "wrappingKeyId", u.email, e.index
     FROM email_indexes e JOIN users u ON u.id = e.user_id JOIN data_keys k ON k.user_id = u.id AND k.retired_at IS NULL
     WHERE e.key_version = $1 AND u.email IS NOT NULL LIMIT $2`,
    [id, limit],
  );
  return rows.map(({ email, index, ...dataKey }) => ({ dataKey, email: new Sealed<string>(email), index }));
}
