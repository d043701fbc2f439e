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

async function replaceIndexes(tx: EntityManager, userId: UserId, indexes: readonly BlindIndex[]): Promise<void> {
  await tx.delete(EmailIndexEntity, { userId });
  await tx.insert(
    EmailIndexEntity,
    indexes.map(({ keyVersion, index }) => ({ userId, keyVersion, index })),
  );
}
