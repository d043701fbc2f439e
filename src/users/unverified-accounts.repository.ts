import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';

/**
 * Deletes at most `limit` registrations from before `before` that nobody verified, with all that belongs to them. One with a live
 * mailed token stays: somebody may be about to open the mail. Who is being changed at this moment is left to the next round.
 */
export async function deleteUnverified(
  tx: EntityManager,
  { before, now, limit }: { readonly before: Date; readonly now: Date; readonly limit: number },
): Promise<UserId[]> {
  const [rows] = await tx.query<[{ id: UserId }[], number]>(
    `DELETE FROM users WHERE id IN (
       SELECT u.id FROM users u
       WHERE u.status = 'PENDING' AND u.origin = 'REGISTRATION' AND u.created_at <= $1
         AND NOT EXISTS (SELECT 1 FROM one_time_tokens t WHERE t.user_id = u.id AND t.used_at IS NULL AND t.expires_at > $2)
       ORDER BY u.created_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id`,
    [before, now, limit],
  );
  return rows.map(({ id }) => id);
}
