import type { EntityManager } from 'typeorm';
import type { BlindIndex } from '../crypto/blind-index.ts';
import type { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import { EmailIndexEntity } from './email-index.entity.ts';

/**
 * Gives an ACTIVE user another address, and with it moves what fences and mailed tokens compare. False when the user has changed
 * since `version` was read.
 */
export async function changeEmail(
  tx: EntityManager,
  user: { readonly id: UserId; readonly version: number },
  {
    email,
    indexes,
    now,
  }: { readonly email: Sealed<string>; readonly indexes: readonly BlindIndex[]; readonly now: Date },
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET email = $3, email_verified_at = $4, version = version + 1, mail_token_version = mail_token_version + 1
     WHERE id = $1 AND version = $2 AND status = 'ACTIVE' RETURNING id`,
    [user.id, user.version, email.bytes, now],
  );
  if (rows.length === 0) return false;
  await replaceIndexes(tx, user.id, indexes);
  return true;
}

/** The same for a change that is undone: the password opens nothing from then on, since an intruder may have set it. */
export async function revertEmail(
  tx: EntityManager,
  user: { readonly id: UserId; readonly version: number },
  {
    email,
    indexes,
    now,
  }: { readonly email: Sealed<string>; readonly indexes: readonly BlindIndex[]; readonly now: Date },
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET email = $3, email_verified_at = $4, version = version + 1, mail_token_version = mail_token_version + 1,
       password_hash = NULL, pepper_id = NULL, password_parameters = NULL
     WHERE id = $1 AND version = $2 AND status IN ('ACTIVE', 'DISABLED') RETURNING id`,
    [user.id, user.version, email.bytes, now],
  );
  if (rows.length === 0) return false;
  await replaceIndexes(tx, user.id, indexes);
  return true;
}

/**
 * Deletes the registration that holds one of these addresses and that nobody has verified, with all that belongs to it; its id.
 * Who proves an address must not be kept from it by whoever typed it first: an intruder would register the address that they
 * moved an account away from, and its owner could not have it back.
 */
export async function displaceUnverified(tx: EntityManager, indexes: readonly BlindIndex[]): Promise<UserId[]> {
  const [rows] = await tx.query<[{ id: UserId }[], number]>(
    `DELETE FROM users WHERE status = 'PENDING' AND origin = 'REGISTRATION' AND id IN (
       SELECT user_id FROM email_indexes WHERE (key_version, index) IN (SELECT * FROM unnest($1::text[], $2::bytea[])))
     RETURNING id`,
    [indexes.map(({ keyVersion }) => keyVersion), indexes.map(({ index }) => index)],
  );
  return rows.map(({ id }) => id);
}

async function replaceIndexes(tx: EntityManager, userId: UserId, indexes: readonly BlindIndex[]): Promise<void> {
  await tx.delete(EmailIndexEntity, { userId });
  await tx.insert(
    EmailIndexEntity,
    indexes.map(({ keyVersion, index }) => ({ userId, keyVersion, index })),
  );
}
