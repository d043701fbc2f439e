import type { EntityManager } from 'typeorm';
import type { OneStatementChange } from '../audit/audit.repository.ts';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { SessionId, UserId } from '../platform/ids.ts';
import type { NamedStatement, PipelinedClients } from '../platform/pipelined-clients.ts';
import { UserEntity } from '../users/user.entity.ts';
import {
  DATA_KEY_COLUMNS,
  type DataKeyColumns,
  joinDataKey,
  toDataKey,
  toUserRecord,
  USER_COLUMNS,
  USER_JOINS,
  type UserRow,
} from '../users/users.repository.ts';
import { type AuthenticationMethod, SessionEntity, type TokenDelivery } from './session.entity.ts';
import type { SessionOfUser, SessionRecord } from './session.record.ts';
import { SIGNING_EPOCH } from './signing-keys.repository.ts';

interface SessionColumns {
  readonly session_id: SessionId;
  readonly refresh_key: Buffer;
  readonly refresh_generation: number;
  readonly auth_generation: number;
  readonly seen_generation: number;
  readonly rotated_at: Date;
  readonly delivery: TokenDelivery;
  readonly factors: AuthenticationMethod[];
  readonly session_created_at: Date;
  readonly last_seen_at: Date;
  readonly expires_at: Date;
  readonly authenticated_at: Date;
  readonly revoked_at: Date | null;
  readonly ip: Buffer | null;
  readonly user_agent: Buffer | null;
}

const SESSION_COLUMNS = `s.id AS session_id, s.refresh_key, s.refresh_generation, s.auth_generation, s.seen_generation,
  s.rotated_at, s.delivery, s.factors, s.created_at AS session_created_at, s.last_seen_at, s.expires_at, s.authenticated_at,
  s.revoked_at, s.ip, s.user_agent`;

const toSealed = (bytes: Buffer | null): Sealed<string> | null => (bytes === null ? null : new Sealed<string>(bytes));

const toSession = (row: SessionColumns): SessionRecord => ({
  id: row.session_id,
  refreshKey: new Sealed<string>(row.refresh_key),
  refreshGeneration: row.refresh_generation,
  authGeneration: row.auth_generation,
  seenGeneration: row.seen_generation,
  rotatedAt: row.rotated_at,
  delivery: row.delivery,
  factors: row.factors,
  createdAt: row.session_created_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  authenticatedAt: row.authenticated_at,
  revokedAt: row.revoked_at,
  ip: toSealed(row.ip),
  userAgent: toSealed(row.user_agent),
});

const SESSION_OF_USER = `SELECT ${SESSION_COLUMNS}, ${USER_COLUMNS}
  FROM sessions s JOIN users u ON u.id = s.user_id ${USER_JOINS}`;

/** A session with its user, from the primary: what a viewer may do is never read from a replica. */
export async function findSession(manager: EntityManager, id: SessionId): Promise<SessionOfUser | undefined> {
  const rows = await manager.query<(SessionColumns & UserRow)[]>(`${SESSION_OF_USER} WHERE s.id = $1`, [id]);
  const [row] = rows;
  return row && { session: toSession(row), user: toUserRecord(row) };
}

/** A session with its user, and the epoch of the signing keys: what the token's own key is worth comes in the same round trip. */
export type ViewedSession = SessionOfUser & { readonly signingEpoch: number | null };

const VIEWED_SESSIONS: NamedStatement = {
  name: 'viewed-sessions',
  text: `SELECT ${SESSION_COLUMNS}, ${USER_COLUMNS}, ${SIGNING_EPOCH} AS signing_epoch
    FROM sessions s JOIN users u ON u.id = s.user_id ${USER_JOINS} WHERE s.id = ANY($1::uuid[])`,
};

/** The sessions of viewers, by id, in one statement. The ids must have been parsed: a malformed one fails all of them. */
export async function findViewedSessions(
  reads: Pick<PipelinedClients, 'run'>,
  ids: readonly SessionId[],
): Promise<ReadonlyMap<SessionId, ViewedSession>> {
  return toViewed(await reads.run<ViewedRow>(VIEWED_SESSIONS, [ids]));
}

/** The same for one, by a connection of the pool. */
export async function findViewedSession(manager: EntityManager, id: SessionId): Promise<ViewedSession | undefined> {
  return toViewed(await manager.query<ViewedRow[]>(VIEWED_SESSIONS.text, [[id]])).get(id);
}

type ViewedRow = SessionColumns & UserRow & { readonly signing_epoch: number | null };

const toViewed = (rows: readonly ViewedRow[]): ReadonlyMap<SessionId, ViewedSession> =>
  new Map(
    rows.map((row) => [
      row.session_id,
      { session: toSession(row), user: toUserRecord(row), signingEpoch: row.signing_epoch },
    ]),
  );

export async function insertSession(tx: EntityManager, session: SessionEntity): Promise<void> {
  await tx.insert(SessionEntity, session);
}

/**
 * The fence of a login, and its mark, in one statement: false when password, address, factors, status or roles have changed
 * since `version` was read, so that a login proved with what no longer counts makes no session.
 */
export async function passLoginFence(tx: EntityManager, id: UserId, version: number, now: Date): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET last_login_at = $3 WHERE id = $1 AND version = $2 AND status = 'ACTIVE' RETURNING id`,
    [id, version, now],
  );
  return rows.length === 1;
}

/** Stores a hash made anew of the same password: no change that a fence or a mailed token would care for. */
export async function replacePasswordHash(
  tx: EntityManager,
  id: UserId,
  columns: Pick<UserEntity, 'passwordHash' | 'pepperId' | 'passwordParameters'>,
): Promise<void> {
  await tx.update(UserEntity, { id }, columns);
}

/** The fence of what renews a session: the user's row is held in share mode until the transaction ends. */
export async function passFence(tx: EntityManager, id: UserId, version: number): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `SELECT 1 FROM users WHERE id = $1 AND version = $2 AND status = 'ACTIVE' FOR SHARE`,
    [id, version],
  );
  return rows.length === 1;
}

/** Ends the user's oldest live sessions until at most `keep` are left; their ids. */
export async function endOldestSessions(
  tx: EntityManager,
  userId: UserId,
  keep: number,
  now: Date,
): Promise<SessionId[]> {
  const [rows] = await tx.query<[{ id: SessionId }[], number]>(
    `UPDATE sessions SET revoked_at = $3 WHERE id IN (
       SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3
       ORDER BY created_at DESC, id DESC OFFSET $2) RETURNING id`,
    [userId, keep, now],
  );
  return rows.map((row) => row.id);
}

/**
 * Moves the generation from `from` to the next, inside the fence of `passFence`: its row is locked before the session's. Not made
 * when another call has moved it, the session has ended, or the user has changed.
 */
export const nextGeneration = (
  { id, from, expiresAt, now }: { id: SessionId; from: number; expiresAt: Date; now: Date },
  user: { readonly id: UserId; readonly version: number },
): OneStatementChange => ({
  name: 'next-generation',
  text: `fence AS (SELECT FROM users WHERE id = $5 AND version = $6 AND status = 'ACTIVE' FOR SHARE),
    changed AS (
      UPDATE sessions SET refresh_generation = refresh_generation + 1, seen_generation = greatest(seen_generation, $2),
        rotated_at = $4, last_seen_at = $4, expires_at = $3
      WHERE id = $1 AND refresh_generation = $2 AND revoked_at IS NULL AND expires_at > $4 AND EXISTS (SELECT FROM fence)
      RETURNING id)`,
  values: [id, from, expiresAt, now, user.id, user.version],
});

/**
 * Holds the session's row while its last answer may be given again: nobody has moved it since `generation`, and it was made
 * after `graceFrom`, or nothing of it was ever seen. False when that has changed since it was read.
 */
export async function holdRepeatable(
  tx: EntityManager,
  { id, generation, graceFrom, now }: { id: SessionId; generation: number; graceFrom: Date; now: Date },
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `SELECT 1 FROM sessions WHERE id = $1 AND refresh_generation = $2 AND revoked_at IS NULL AND expires_at > $4
       AND (rotated_at >= $3 OR seen_generation < refresh_generation) FOR UPDATE`,
    [id, generation, graceFrom, now],
  );
  return rows.length === 1;
}

/** Notes that a token of `generation` came back, and when. */
export async function markSeen(manager: EntityManager, id: SessionId, generation: number, now: Date): Promise<void> {
  await manager.query(
    `UPDATE sessions SET seen_generation = greatest(seen_generation, $2), last_seen_at = greatest(last_seen_at, $3)
     WHERE id = $1`,
    [id, generation, now],
  );
}

/** Ends one live session. False when there was none. */
export async function revokeSession(tx: EntityManager, id: SessionId, now: Date): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    'UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2 RETURNING id',
    [id, now],
  );
  return rows.length === 1;
}

/** Ends one live session of this user. False for any other id. */
export async function revokeOwnSession(tx: EntityManager, userId: UserId, id: SessionId, now: Date): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3
     RETURNING id`,
    [id, userId, now],
  );
  return rows.length === 1;
}

/** Ends every live session of this user but `keep`; the ids of those it ended. */
export async function revokeSessions(
  tx: EntityManager,
  userId: UserId,
  keep: SessionId | undefined,
  now: Date,
): Promise<SessionId[]> {
  const [rows] = await tx.query<[{ id: SessionId }[], number]>(
    `UPDATE sessions SET revoked_at = $3
     WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3 AND id IS DISTINCT FROM $2::uuid RETURNING id`,
    [userId, keep ?? null, now],
  );
  return rows.map((row) => row.id);
}

/**
 * A step-up: the next generation under a new key, below which every access token is past its time. False when the session has
 * ended or stepped up meanwhile. The generation as it is now.
 */
export async function stepUp(
  tx: EntityManager,
  facts: {
    readonly id: SessionId;
    readonly authGeneration: number;
    readonly refreshKey: Sealed<string>;
    readonly factors: readonly AuthenticationMethod[];
    readonly expiresAt: Date;
    readonly now: Date;
  },
): Promise<number | undefined> {
  const [rows] = await tx.query<[{ generation: number }[], number]>(
    `UPDATE sessions SET refresh_generation = refresh_generation + 1, auth_generation = refresh_generation + 1,
       refresh_key = $3, factors = $4, rotated_at = $6, last_seen_at = $6, authenticated_at = $6, expires_at = $5
     WHERE id = $1 AND auth_generation = $2 AND revoked_at IS NULL AND expires_at > $6
     RETURNING refresh_generation AS generation`,
    [facts.id, facts.authGeneration, facts.refreshKey.bytes, facts.factors, facts.expiresAt, facts.now],
  );
  return rows[0]?.generation;
}

/** A user's live sessions, with the data key that opens them: read at another time than they, a reseal may lie between the two. */
export interface KeyedSessions {
  readonly dataKey: WrappedDataKey | null;
  readonly sessions: readonly SessionRecord[];
}

/** The live sessions of some users, each user's latest first. Who has none is not in it. */
export async function findLiveSessions(
  manager: EntityManager,
  userIds: readonly UserId[],
  now: Date,
): Promise<ReadonlyMap<UserId, KeyedSessions>> {
  const rows = await manager.query<(SessionColumns & DataKeyColumns)[]>(
    `SELECT ${SESSION_COLUMNS}, ${DATA_KEY_COLUMNS}, s.user_id FROM sessions s ${joinDataKey('s.user_id')}
     WHERE s.user_id = ANY($1::uuid[]) AND s.revoked_at IS NULL AND s.expires_at > $2
     ORDER BY s.created_at DESC, s.id DESC`,
    [userIds, now],
  );
  const found = new Map<UserId, KeyedSessions>();
  for (const row of rows) {
    const { dataKey, sessions } = found.get(row.user_id) ?? { dataKey: toDataKey(row), sessions: [] };
    found.set(row.user_id, { dataKey, sessions: [...sessions, toSession(row)] });
  }
  return found;
}

/** Deletes sessions that ended by `endedBy`, by revocation or by time, the longest ended first. Answers how many. */
export async function deleteEndedSessions(tx: EntityManager, endedBy: Date, limit: number): Promise<number> {
  const [, count] = await tx.query<[unknown[], number]>(
    `DELETE FROM sessions WHERE id IN (
       SELECT id FROM sessions WHERE LEAST(expires_at, revoked_at) <= $1
       ORDER BY LEAST(expires_at, revoked_at) LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [endedBy, limit],
  );
  return count;
}
