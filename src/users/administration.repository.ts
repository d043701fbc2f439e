import type { EntityManager } from 'typeorm';
import type { Viewer } from '../access/request-context.ts';
import type { UserId } from '../platform/ids.ts';
import type { UserStatus } from './user.entity.ts';

/** Holds the users' rows against every other change, lower ids first: whoever locks several does it in this order. */
export async function lockUsers(tx: EntityManager, ids: readonly UserId[]): Promise<void> {
  await tx.query('SELECT 1 FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
}

/** The actor's session while it is live and its user ACTIVE, held until the transaction ends. */
export async function holdSession(
  tx: EntityManager,
  { userId, sessionId }: Viewer,
  now: Date,
): Promise<{ readonly authGeneration: number; readonly authenticatedAt: Date } | undefined> {
  const rows = await tx.query<{ authGeneration: number; authenticatedAt: Date }[]>(
    `SELECT s.auth_generation AS "authGeneration", s.authenticated_at AS "authenticatedAt"
     FROM sessions s JOIN users u ON u.id = s.user_id
     WHERE s.id = $2 AND u.id = $1 AND u.status = 'ACTIVE' AND s.revoked_at IS NULL AND s.expires_at > $3 FOR SHARE OF s`,
    [userId, sessionId, now],
  );
  return rows[0];
}

/** Bumps what fences compare, for a user whose row is held. */
export async function bumpHeldVersion(tx: EntityManager, id: UserId): Promise<void> {
  await tx.query('UPDATE users SET version = version + 1 WHERE id = $1', [id]);
}

/** Sets the status of a user whose row is held, and moves what fences and mailed tokens compare. */
export async function setStatus(tx: EntityManager, id: UserId, status: UserStatus): Promise<void> {
  await tx.query(
    'UPDATE users SET status = $2, version = version + 1, mail_token_version = mail_token_version + 1 WHERE id = $1',
    [id, status],
  );
}

/**
 * Removes the registration of an address that nobody has verified, with all that belongs to it: what whoever typed it said and set
 * must not become part of an account that an administrator makes. The id of what was removed.
 */
export async function deleteRegistration(tx: EntityManager, userId: UserId): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `DELETE FROM users WHERE id = $1 AND status = 'PENDING' AND origin = 'REGISTRATION' RETURNING id`,
    [userId],
  );
  return rows.length === 1;
}
