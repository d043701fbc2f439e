import type { EntityManager } from 'typeorm';
import type { Viewer } from '../access/request-context.ts';
import { ProfileEntity } from './profile.entity.ts';

/**
 * Writes the viewer's own profile while their session still counts: the row of the session and of the user are held in share
 * mode, so that no value is written for somebody who was disabled or erased meanwhile. False when it counts no more.
 */
export async function updateProfileRow(
  tx: EntityManager,
  { userId, sessionId }: Viewer,
  columns: Partial<Omit<ProfileEntity, 'userId'>>,
  now: Date,
): Promise<boolean> {
  const held = await tx.query<unknown[]>(
    `SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = $1 AND u.status = 'ACTIVE' AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 FOR SHARE`,
    [userId, sessionId, now],
  );
  if (held.length === 0) return false;
  await tx.update(ProfileEntity, { userId }, columns);
  return true;
}
