import type { EntityManager } from 'typeorm';
import type { KeyKind } from '../audit/day-key.entity.ts';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { MailEntity } from './mail.entity.ts';
import type { MailContent } from './mail-content.ts';

/** A mail that this sender alone has, until its claim runs out. */
export interface ClaimedMail {
  readonly id: string;
  readonly userId: UserId | null;
  readonly keyKind: KeyKind;
  readonly keyId: string;
  readonly content: Sealed<MailContent>;
  /** This one included. */
  readonly attempts: number;
  readonly createdAt: Date;
}

export async function insertMail(
  manager: EntityManager,
  mail: Omit<MailEntity, 'attempts' | 'claimedUntil'>,
): Promise<void> {
  await manager.query(
    `INSERT INTO mails (id, user_id, key_kind, key_id, content, attempts, next_attempt_at, created_at)
     VALUES ($1, $2, $3, $4, $5, 0, $6, $7)`,
    [mail.id, mail.userId, mail.keyKind, mail.keyId, mail.content.bytes, mail.nextAttemptAt, mail.createdAt],
  );
}

/** Takes up to `limit` mails that are due, longest due first. One statement: no two senders get the same mail, on any node. */
export async function claimMails(
  manager: EntityManager,
  { now, until, limit }: { now: Date; until: Date; limit: number },
): Promise<readonly ClaimedMail[]> {
  const rows: (Omit<ClaimedMail, 'content'> & { content: Buffer })[] = await manager.query(
    `WITH claimed AS (
       UPDATE mails SET claimed_until = $2, attempts = attempts + 1
       WHERE id IN (
         SELECT id FROM mails
         WHERE next_attempt_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
         ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       RETURNING id, user_id, key_kind, key_id, content, attempts, created_at
     )
     SELECT id, user_id AS "userId", key_kind AS "keyKind", key_id AS "keyId", content, attempts, created_at AS "createdAt"
     FROM claimed ORDER BY created_at, id`,
    [now, until, limit],
  );
  return rows.map((row) => ({ ...row, content: new Sealed<MailContent>(row.content) }));
}

/** The mails that wait for one person, oldest first. */
export async function findWaitingMails(
  manager: EntityManager,
  userId: UserId,
): Promise<readonly Pick<ClaimedMail, 'id' | 'keyId' | 'content' | 'createdAt'>[]> {
  const rows: { id: string; keyId: string; content: Buffer; createdAt: Date }[] = await manager.query(
    'SELECT id, key_id AS "keyId", content, created_at AS "createdAt" FROM mails WHERE user_id = $1 ORDER BY created_at, id',
    [userId],
  );
  return rows.map((row) => ({ ...row, content: new Sealed<MailContent>(row.content) }));
}

/** Lets go of a mail until its next try. */
export async function postponeMail(manager: EntityManager, id: string, nextAttemptAt: Date): Promise<void> {
  await manager.query('UPDATE mails SET next_attempt_at = $2, claimed_until = NULL WHERE id = $1', [id, nextAttemptAt]);
}

export async function deleteMail(manager: EntityManager, id: string): Promise<void> {
  await manager.query('DELETE FROM mails WHERE id = $1', [id]);
}

/** The wrapped data key `id`, or undefined: then its person was erased. */
export async function findDataKey(manager: EntityManager, id: string): Promise<WrappedDataKey | undefined> {
  const rows: WrappedDataKey[] = await manager.query(
    'SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys WHERE id = $1',
    [id],
  );
  return rows[0];
}
