import type { EntityManager } from 'typeorm';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import type { WrappedDayKey } from '../crypto/day-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';

/** Where a batch begins: after this id, or at the first. */
export type After = string | null;

/** A password's row. */
export interface PepperedRow {
  readonly id: UserId;
  readonly sealed: Sealed<string>;
  readonly pepperId: string;
}

/** One row moved: what stood in it, and what shall. Stored only where it still stands. */
export interface Moved {
  readonly id: string;
  readonly before: Buffer;
  readonly after: Buffer;
  readonly keyId: string;
}

/** Data keys that are wrapped under another key than `active`. */
export const findDataKeysElsewhere = (
  manager: EntityManager,
  active: string,
  after: After,
  limit: number,
): Promise<WrappedDataKey[]> =>
  manager.query(
    `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys
     WHERE wrapping_key_id <> $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [active, after, limit],
  );

export const findDayKeysElsewhere = (
  manager: EntityManager,
  active: string,
  after: After,
  limit: number,
): Promise<WrappedDayKey[]> =>
  manager.query(
    `SELECT id, wrapped, wrapping_key_id AS "wrappingKeyId" FROM day_keys
     WHERE wrapping_key_id <> $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [active, after, limit],
  );

/** Password hashes under another pepper than `active`. */
export async function findHashesElsewhere(
  manager: EntityManager,
  active: string,
  after: After,
  limit: number,
): Promise<PepperedRow[]> {
  const rows = await manager.query<{ id: UserId; hash: Buffer; pepperId: string }[]>(
    `SELECT id, password_hash AS hash, pepper_id AS "pepperId" FROM users
     WHERE pepper_id <> $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [active, after, limit],
  );
  return rows.map(({ id, hash, pepperId }) => ({ id, sealed: new Sealed<string>(hash), pepperId }));
}

/** What a batch is stored in. */
const COLUMNS = {
  data_keys: { value: 'wrapped', key: 'wrapping_key_id', id: 'uuid' },
  day_keys: { value: 'wrapped', key: 'wrapping_key_id', id: 'uuid' },
  users: { value: 'password_hash', key: 'pepper_id', id: 'uuid' },
  signing_keys: { value: 'private_key', key: 'system_key_id', id: 'text' },
} as const;
export type MovedTable = keyof typeof COLUMNS;

/** Stores a batch in one statement. A row that was changed or deleted meanwhile stays as it is. Answers how many moved. */
export async function storeMoved(tx: EntityManager, table: MovedTable, batch: readonly Moved[]): Promise<number> {
  const { value, key, id } = COLUMNS[table];
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE ${table} t SET ${value} = m.after, ${key} = m.key_id
     FROM unnest($1::${id}[], $2::bytea[], $3::bytea[], $4::text[]) AS m(id, before, after, key_id)
     WHERE t.id = m.id AND t.${value} = m.before`,
    [
      batch.map((row) => row.id),
      batch.map((row) => row.before),
      batch.map((row) => row.after),
      batch.map((row) => row.keyId),
    ],
  );
  return count;
}

/** How many rows are under another key than `active`. */
export async function countElsewhere(manager: EntityManager, table: MovedTable, active: string): Promise<number> {
  const rows = await manager.query<{ rows: number }[]>(
    `SELECT count(*)::int AS rows FROM ${table} WHERE ${COLUMNS[table].key} <> $1`,
    [active],
  );
  return rows[0]?.rows ?? 0;
}

/** Somebody whose address one index key does not find yet. */
export interface UnindexedUser {
  readonly id: UserId;
  readonly version: number;
  readonly email: Sealed<string>;
  readonly dataKey: WrappedDataKey;
}

export async function findUnindexed(
  manager: EntityManager,
  keyVersion: string,
  after: After,
  limit: number,
): Promise<UnindexedUser[]> {
  const rows = await manager.query<(WrappedDataKey & { version: number; email: Buffer })[]>(
    `SELECT u.id AS "userId", u.version, u.email, k.id, k.wrapped, k.wrapping_key_id AS "wrappingKeyId"
     FROM users u JOIN data_keys k ON k.user_id = u.id AND k.retired_at IS NULL
     WHERE u.email IS NOT NULL AND ($2::uuid IS NULL OR u.id > $2)
       AND NOT EXISTS (SELECT 1 FROM email_indexes e WHERE e.user_id = u.id AND e.key_version = $1)
     ORDER BY u.id LIMIT $3`,
    [keyVersion, after, limit],
  );
  return rows.map(({ version, email, ...dataKey }) => ({
    id: dataKey.userId,
    version,
    email: new Sealed<string>(email),
    dataKey,
  }));
}

/**
 * Writes index rows of people who have not changed since their version was read; holds them until the transaction ends. Fails
 * on the unique constraint where two people have one address.
 */
export async function insertIndexes(
  tx: EntityManager,
  keyVersion: string,
  batch: readonly { readonly id: UserId; readonly version: number; readonly index: Buffer }[],
): Promise<number> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO email_indexes (user_id, key_version, index)
     SELECT u.id, $4, b.index FROM unnest($1::uuid[], $2::int[], $3::bytea[]) AS b(id, version, index)
     JOIN users u ON u.id = b.id AND u.version = b.version WHERE u.email IS NOT NULL ORDER BY u.id FOR SHARE OF u
     ON CONFLICT (user_id, key_version) DO NOTHING RETURNING user_id`,
    [batch.map((row) => row.id), batch.map((row) => row.version), batch.map((row) => row.index), keyVersion],
  );
  return rows.length;
}
