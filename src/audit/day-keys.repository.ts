import type { EntityManager } from 'typeorm';
import type { WrappedDayKey } from '../crypto/day-keys.ts';
import type { DayKeyLife } from './day-key.entity.ts';

const COLUMNS = 'id, wrapped, wrapping_key_id AS "wrappingKeyId"';

/** The wrapped key of `day` (`YYYY-MM-DD`, UTC). */
export async function findDayKey(
  manager: EntityManager,
  day: string,
  life: DayKeyLife,
): Promise<WrappedDayKey | undefined> {
  const rows: WrappedDayKey[] = await manager.query(`SELECT ${COLUMNS} FROM day_keys WHERE day = $1 AND life = $2`, [
    day,
    life,
  ]);
  return rows[0];
}

export async function findDayKeyById(manager: EntityManager, id: string): Promise<WrappedDayKey | undefined> {
  const rows: WrappedDayKey[] = await manager.query(`SELECT ${COLUMNS} FROM day_keys WHERE id = $1`, [id]);
  return rows[0];
}

/** Puts a key in place unless the day has one. Whose it is now, the next read tells: another node may have been first. */
export async function insertDayKey(
  manager: EntityManager,
  row: WrappedDayKey & { readonly day: string; readonly life: DayKeyLife; readonly createdAt: Date },
): Promise<void> {
  await manager.query(
    `INSERT INTO day_keys (id, day, life, wrapped, wrapping_key_id, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day, life) DO NOTHING`,
    [row.id, row.day, row.life, row.wrapped, row.wrappingKeyId, row.createdAt],
  );
}

/** Deletes the keys of days before `day`, and with them what they sealed. Answers how many. */
export async function deleteDayKeysBefore(manager: EntityManager, day: string, life: DayKeyLife): Promise<number> {
  const rows: unknown[] = await manager.query(
    `WITH gone AS (DELETE FROM day_keys WHERE day < $1 AND life = $2 RETURNING id) SELECT id FROM gone`,
    [day, life],
  );
  return rows.length;
}

/**
 * Deletes the keys that live as long as the trail, of days before its oldest event: what they opened is gone, but for backups. A day is
 * left over, for a clock that was set back.
 */
export async function deleteDayKeysOfDropped(manager: EntityManager): Promise<void> {
  await manager.query(
    `DELETE FROM day_keys WHERE life = 'AUDIT_TRAIL'
       AND day < (SELECT (min(at) AT TIME ZONE 'UTC')::date - 1 FROM audit_events)`,
  );
}
