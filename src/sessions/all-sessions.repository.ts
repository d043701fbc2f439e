import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';

/** People with a live session or a known device, from after an id on. */
export async function findPeopleToLogOut(
  manager: EntityManager,
  after: UserId | null,
  now: Date,
  limit: number,
): Promise<UserId[]> {
  const rows = await manager.query<{ id: UserId }[]>(
    `SELECT user_id AS id FROM sessions
     WHERE revoked_at IS NULL AND expires_at > $2 AND ($1::uuid IS NULL OR user_id > $1)
     UNION SELECT user_id FROM devices
     WHERE ended_at IS NULL AND expires_at > $2 AND ($1::uuid IS NULL OR user_id > $1) ORDER BY id LIMIT $3`,
    [after, now, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Ends every session and known device of these people, and moves their versions, so that a login proved before makes none
 * after. Answers how many sessions it ended.
 */
export async function endSessionsOf(tx: EntityManager, ids: readonly UserId[], now: Date): Promise<number> {
  await tx.query(
    `UPDATE users SET version = version + 1 WHERE id IN (SELECT id FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)`,
    [ids],
  );
  await tx.query('UPDATE devices SET ended_at = $2 WHERE user_id = ANY($1::uuid[]) AND ended_at IS NULL', [ids, now]);
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE sessions SET revoked_at = $2 WHERE user_id = ANY($1::uuid[]) AND revoked_at IS NULL AND expires_at > $2`,
    [ids, now],
  );
  return count;
}
