import type { EntityManager } from 'typeorm';
import type { Viewer } from '../access/request-context.ts';
import type { OneStatementChange } from '../audit/audit.repository.ts';
import { AppError } from '../platform/errors.ts';
import type { DataKeyId } from '../platform/ids.ts';
import type { UserRecord } from './user.record.ts';

/** A viewer whose data key was read with them. */
interface KeyedViewer extends Viewer {
  readonly user: Pick<UserRecord, 'dataKey'>;
}

/**
 * Locks the viewer's user and session, in share mode, and reads them as they stand at this moment: a request that was let in
 * before a logout, a disabling or an erasure must not change anything after it. Throws UNAUTHENTICATED, TOKEN_EXPIRED after a
 * reauthentication, and BUSY where the person's data key is not the one that the viewer was read with.
 */
export async function holdActor(tx: EntityManager, viewer: Viewer | KeyedViewer, now: Date): Promise<void> {
  const { userId, sessionId } = viewer;
  const [held] = await tx.query<{ authenticatedAt: Date }[]>(
    `SELECT s.authenticated_at AS "authenticatedAt" FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = $1 AND u.status = 'ACTIVE' AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 FOR SHARE`,
    [userId, sessionId, now],
  );
  if (!held) throw new AppError('UNAUTHENTICATED', 'This session has ended. Log in again.');
  // Freshness belongs to the token: a step-up since then is another's.
  if (held.authenticatedAt.getTime() !== viewer.authenticatedAt.getTime()) {
    throw new AppError('TOKEN_EXPIRED', 'This access token is from before a reauthentication. Use the newer one.');
  }
  // Sealed under a key that a reseal has replaced meanwhile, a value would open no more.
  const key = 'user' in viewer ? viewer.user.dataKey : null;
  if (key === null) return;
  const inUse = await tx.query<unknown[]>('SELECT 1 FROM data_keys WHERE id = $1 AND retired_at IS NULL', [key.id]);
  if (inUse.length === 0) throw new AppError('BUSY', 'Your keys are being renewed. Repeat this.', { retryAfter: 1 });
}

/**
 * The same condition for an event that is written by one statement: nothing is written unless the viewer may still act. Why not,
 * `holdActor` says. Of the data key it takes no notice: an event may stand under one that a reseal has replaced.
 */
export const actorStillHolds = ({ userId, sessionId, authenticatedAt }: Viewer, now: Date): OneStatementChange => ({
  name: 'actor-still-holds',
  text: `changed AS (
    SELECT FROM users u JOIN sessions s ON s.user_id = u.id
    WHERE u.id = $1 AND u.status = 'ACTIVE' AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
      AND s.authenticated_at = $4 FOR SHARE)`,
  values: [userId, sessionId, now, authenticatedAt],
});

/**
 * The same for a change that bumps the user's version: the user is locked for it by the statement that bumps. False when the
 * user has changed since `version` was read: what was proved by then counts no more.
 */
export async function bumpVersion(
  tx: EntityManager,
  { id, version }: { readonly id: Viewer['userId']; readonly version: number },
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET version = version + 1 WHERE id = $1 AND version = $2 AND status = 'ACTIVE' RETURNING id`,
    [id, version],
  );
  return rows.length === 1;
}

/**
 * All that `holdActor` asks as the first part of one statement that writes what is sealed: `held` has a row where it is so. Its
 * parameters are the first ones, `heldValues`. The key is locked like the rest, not only read: a statement sees the database as it
 * was when it began, and only of the rows that it locks does PostgreSQL ask again after a wait. A reseal would pass unseen.
 */
export const HELD_WITH_KEY = `held AS (
  SELECT FROM users u JOIN sessions s ON s.user_id = u.id JOIN data_keys k ON k.user_id = u.id
  WHERE u.id = $1 AND u.status = 'ACTIVE' AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
    AND s.authenticated_at = $4 AND k.id = $5 AND k.retired_at IS NULL FOR SHARE)`;
export const heldValues = (
  { userId, sessionId, authenticatedAt }: Viewer,
  keyId: DataKeyId,
  now: Date,
): readonly unknown[] => [userId, sessionId, now, authenticatedAt, keyId];
