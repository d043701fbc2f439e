import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { PROFILE_COLUMNS } from './profile.fields.ts';

/**
 * Makes a PENDING user ACTIVE, and takes a contested one's password away. False when the user has moved on since the token or
 * `contested` was read: a registration that contests the address at this moment must not be passed over.
 */
export async function markVerified(
  tx: EntityManager,
  facts: { userId: UserId; mailTokenVersion: number; contested: boolean; now: Date },
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET status = 'ACTIVE', email_verified_at = $4, contested = false, version = version + 1,
       mail_token_version = mail_token_version + 1,
       password_hash = CASE WHEN contested THEN NULL ELSE password_hash END,
       pepper_id = CASE WHEN contested THEN NULL ELSE pepper_id END,
       password_parameters = CASE WHEN contested THEN NULL ELSE password_parameters END
     WHERE id = $1 AND status = 'PENDING' AND mail_token_version = $2 AND contested = $3 RETURNING id`,
    [facts.userId, facts.mailTokenVersion, facts.contested, facts.now],
  );
  return rows.length === 1;
}

/** Forgets what registrants said of the person. */
export async function clearProfile(tx: EntityManager, userId: UserId): Promise<void> {
  const columns = Object.values(PROFILE_COLUMNS).map((column) => `${column} = NULL`);
  await tx.query(`UPDATE profiles SET ${columns.join(', ')} WHERE user_id = $1`, [userId]);
}
