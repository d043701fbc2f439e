import type { EntityManager } from 'typeorm';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { PersonsTable } from './sealed-columns.ts';

/** People whose data key in use was made before `before`, from after an id on. */
export async function findPeopleToReseal(
  manager: EntityManager,
  before: Date,
  after: UserId | null,
  limit: number,
): Promise<UserId[]> {
  const rows = await manager.query<{ id: UserId }[]>(
    `SELECT user_id AS id FROM data_keys
     WHERE retired_at IS NULL AND created_at < $1 AND ($2::uuid IS NULL OR user_id > $2) ORDER BY user_id LIMIT $3`,
    [before, after, limit],
  );
  return rows.map(({ id }) => id);
}

export async function countPeopleToReseal(manager: EntityManager, before: Date): Promise<number> {
  const rows = await manager.query<{ people: number }[]>(
    'SELECT count(*)::int AS people FROM data_keys WHERE retired_at IS NULL AND created_at < $1',
    [before],
  );
  return rows[0]?.people ?? 0;
}

/**
 * Holds the person against every change, voids what was proved or read under the old key, and answers that key; undefined for
 * somebody erased, who must get none.
 */
export async function holdForReseal(tx: EntityManager, id: UserId): Promise<WrappedDataKey | undefined> {
  const [held] = await tx.query<[unknown[], number]>(
    `UPDATE users SET version = version + 1 WHERE id = $1 AND status <> 'ERASED' RETURNING id`,
    [id],
  );
  if (held.length === 0) return undefined;
  const rows = await tx.query<WrappedDataKey[]>(
    `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys
     WHERE user_id = $1 AND retired_at IS NULL FOR UPDATE`,
    [id],
  );
  return rows[0];
}

/** Puts another data key in the place of the one in use. */
export async function replaceDataKey(
  tx: EntityManager,
  old: WrappedDataKey,
  key: WrappedDataKey,
  now: Date,
): Promise<void> {
  await tx.query('UPDATE data_keys SET retired_at = $2 WHERE id = $1', [old.id, now]);
  await tx.query(
    'INSERT INTO data_keys (id, user_id, wrapped, wrapping_key_id, created_at) VALUES ($1, $2, $3, $4, $5)',
    [key.id, key.userId, key.wrapped, key.wrappingKeyId, now],
  );
}

export interface SealedCell {
  readonly rowId: string;
  readonly column: string;
  readonly sealed: Sealed<object>;
}

/** Every sealed value of the person in a table. */
export async function findCells(
  tx: EntityManager,
  { table, owner, id, columns }: PersonsTable,
  userId: UserId,
): Promise<SealedCell[]> {
  const rows = await tx.query<Record<string, string | Buffer | null>[]>(
    `SELECT ${id}::text AS row_id, ${columns.join(', ')} FROM ${table} WHERE ${owner} = $1 FOR UPDATE`,
    [userId],
  );
  return rows.flatMap((row) =>
    columns.flatMap((column) => {
      const bytes = row[column];
      return Buffer.isBuffer(bytes)
        ? [{ rowId: String(row['row_id']), column, sealed: new Sealed<object>(bytes) }]
        : [];
    }),
  );
}

export async function storeCell(
  tx: EntityManager,
  { table, id }: PersonsTable,
  { rowId, column, sealed }: SealedCell,
): Promise<void> {
  await tx.query(`UPDATE ${table} SET ${column} = $2 WHERE ${id} = $1::uuid`, [rowId, sealed.bytes]);
}
