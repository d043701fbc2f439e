import type { EntityManager } from 'typeorm';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import { OneTimeTokenEntity, type TokenPurpose } from './one-time-token.entity.ts';
import { DATA_KEY_COLUMNS, type DataKeyColumns, joinDataKey, toDataKey } from './users.repository.ts';

export interface MailTokenRow {
  readonly id: string;
  readonly userId: UserId;
  readonly purpose: TokenPurpose;
  readonly hash: Buffer;
  readonly payload: Sealed<string> | null;
  /** What opens `payload`: read at another time than it, a reseal may lie between the two. Null for somebody erased. */
  readonly dataKey: WrappedDataKey | null;
  readonly mailTokenVersion: number;
}

type TokenColumns = DataKeyColumns & { readonly payload: Buffer | null };

/**
 * The token with this id while it counts: not used, not past its time, and nothing that voids it has happened. One that undoes
 * a change of address outlives such changes: the intruder it is for could make them.
 */
export async function findLiveToken(manager: EntityManager, id: string, now: Date): Promise<MailTokenRow | undefined> {
  const rows = await manager.query<(Omit<MailTokenRow, 'payload' | 'dataKey'> & TokenColumns)[]>(
    `SELECT t.id, t.user_id AS "userId", t.purpose, t.hash, t.payload, t.mail_token_version AS "mailTokenVersion",
       t.user_id, ${DATA_KEY_COLUMNS}
     FROM one_time_tokens t JOIN users u ON u.id = t.user_id ${joinDataKey('t.user_id')}
     WHERE t.id = $1 AND t.used_at IS NULL AND t.expires_at > $2
       AND (t.purpose = 'REVERT_EMAIL' OR u.mail_token_version = t.mail_token_version)`,
    [id, now],
  );
  const [row] = rows;
  if (!row) return undefined;
  const payload = row.payload === null ? null : new Sealed<string>(row.payload);
  return { ...row, payload, dataKey: toDataKey(row) };
}

/** Ends the oldest tokens of this purpose until at most `keep` are live. */
export async function endOldestTokens(
  tx: EntityManager,
  { userId, purpose, keep, now }: { userId: UserId; purpose: TokenPurpose; keep: number; now: Date },
): Promise<void> {
  await tx.query(
    `UPDATE one_time_tokens SET used_at = $4 WHERE id IN (
       SELECT id FROM one_time_tokens WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $4
       ORDER BY created_at DESC, id DESC OFFSET $3)`,
    [userId, purpose, keep, now],
  );
}

export async function insertToken(tx: EntityManager, row: Omit<OneTimeTokenEntity, 'usedAt'>): Promise<void> {
  await tx.insert(OneTimeTokenEntity, { ...row, usedAt: null });
}

/** Uses a token up, and with it every other of its purpose. False when it was used or ran out meanwhile. */
export async function spendToken(tx: EntityManager, row: MailTokenRow, now: Date): Promise<boolean> {
  const [used] = await tx.query<[{ id: string }[], number]>(
    'UPDATE one_time_tokens SET used_at = $2 WHERE id = $1 AND used_at IS NULL AND expires_at > $2 RETURNING id',
    [row.id, now],
  );
  if (used.length === 0) return false;
  // Of those that undo changes of address, an older one stays: it leads further back, to an earlier owner of the account.
  await tx.query(
    `UPDATE one_time_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL
       AND (purpose <> 'REVERT_EMAIL' OR created_at >= (SELECT created_at FROM one_time_tokens WHERE id = $4))`,
    [row.userId, row.purpose, now, row.id],
  );
  return true;
}

/** Deletes tokens that were used or ran out by `endedBy`, the longest ended first. Answers how many. */
export async function deleteEndedTokens(tx: EntityManager, endedBy: Date, limit: number): Promise<number> {
  const [, count] = await tx.query<[unknown[], number]>(
    `DELETE FROM one_time_tokens WHERE id IN (
       SELECT id FROM one_time_tokens WHERE LEAST(expires_at, used_at) <= $1
       ORDER BY LEAST(expires_at, used_at) LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [endedBy, limit],
  );
  return count;
}
