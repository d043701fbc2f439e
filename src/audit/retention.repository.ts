import type { EntityManager } from 'typeorm';
import { SEAL_COLUMNS, type StoredSeal } from './seals.repository.ts';

/** The oldest batch, where it was sealed before `moment` and is not the last one. */
export async function findOldestSealBefore(tx: EntityManager, moment: Date): Promise<StoredSeal | undefined> {
  const rows: StoredSeal[] = await tx.query(
    `SELECT * FROM (SELECT ${SEAL_COLUMNS} FROM audit_seals ORDER BY audit_seals.id LIMIT 2) oldest
     WHERE (SELECT count(*) FROM (SELECT FROM audit_seals LIMIT 2) two) = 2 ORDER BY id LIMIT 1`,
  );
  const [oldest] = rows;
  return oldest && oldest.sealedAt < moment ? oldest : undefined;
}

export async function insertTombstone(
  tx: EntityManager,
  sealId: number,
  tombstone: string,
  droppedAt: Date,
): Promise<void> {
  await tx.query('INSERT INTO audit_tombstones (seal_id, tombstone, dropped_at) VALUES ($1, $2, $3)', [
    sealId,
    tombstone,
    droppedAt,
  ]);
}

/** Deletes the oldest batch by the owner's function, which refuses any other, and one younger than the owner's floor. How many events went. */
export async function dropOldestBatch(tx: EntityManager, sealId: number): Promise<number> {
  const rows: { events: number }[] = await tx.query('SELECT audit_drop_oldest($1)::float8 AS events', [sealId]);
  return rows[0]?.events ?? 0;
}

/** As the owner: for how many days the trail is kept at least; undefined for ever, so that nobody can drop anything. */
export async function setRetentionFloor(owner: EntityManager, keepDays: number | undefined): Promise<void> {
  if (keepDays === undefined) {
    await owner.query('DELETE FROM audit_retention');
    return;
  }
  await owner.query(
    'INSERT INTO audit_retention (id, keep_days) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET keep_days = $1',
    [keepDays],
  );
}
