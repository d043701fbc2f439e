import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import type { UserEntity } from './user.entity.ts';

type PasswordColumns = Pick<UserEntity, 'passwordHash' | 'pepperId' | 'passwordParameters'>;

/**
 * Stores another password, and with it moves what fences and mailed tokens compare. False when the user has changed since
 * `version` was read, or is not ACTIVE.
 */
export async function changePassword(
  tx: EntityManager,
  { id, version }: { readonly id: UserId; readonly version: number },
  { passwordHash, pepperId, passwordParameters }: PasswordColumns,
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET password_hash = $3, pepper_id = $4, password_parameters = $5, version = version + 1,
       mail_token_version = mail_token_version + 1
     WHERE id = $1 AND version = $2 AND status = 'ACTIVE' RETURNING id`,
    [id, version, passwordHash?.bytes ?? null, pepperId, passwordParameters],
  );
  return rows.length === 1;
}

/**
 * The same by a mailed token, which also verifies the address of a PENDING user: whoever read the mail owns it. False when the
 * user has changed since `version` was read.
 */
export async function resetPassword(
  tx: EntityManager,
  { id, version }: { readonly id: UserId; readonly version: number },
  { passwordHash, pepperId, passwordParameters }: PasswordColumns,
  now: Date,
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE users SET password_hash = $3, pepper_id = $4, password_parameters = $5, version = version + 1,
       mail_token_version = mail_token_version + 1, status = 'ACTIVE', contested = false,
       email_verified_at = coalesce(email_verified_at, $6)
     WHERE id = $1 AND version = $2 AND status IN ('PENDING', 'ACTIVE') RETURNING id`,
    [id, version, passwordHash?.bytes ?? null, pepperId, passwordParameters, now],
  );
  return rows.length === 1;
}
