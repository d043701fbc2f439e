import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { ErasureEntity } from './erasure.entity.ts';

/** Holds the user's row against every other change until the transaction ends. */
export async function lockUser(tx: EntityManager, id: UserId): Promise<void> {
  await tx.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [id]);
}

/** Makes the user a row without a person: no address, no password, no time of a login. The caller holds the row. */
export async function markErased(tx: EntityManager, id: UserId): Promise<void> {
  await tx.query(
    `UPDATE users SET status = 'ERASED', email = NULL, email_verified_at = NULL, last_login_at = NULL, contested = false,
       password_hash = NULL, pepper_id = NULL, password_parameters = NULL,
       version = version + 1, mail_token_version = mail_token_version + 1
     WHERE id = $1`,
    [id],
  );
}

/** All that belongs to one person; each table names them by `user_id`. The key comes last: without it the rest is noise. */
const TABLES = [
  'sessions',
  'devices',
  'one_time_tokens',
  'mails',
  'user_roles',
  'profiles',
  'email_indexes',
  'data_keys',
] as const;

/** Deletes every row that belongs to the person. */
export async function deletePersonalRows(tx: EntityManager, userId: UserId): Promise<void> {
  for (const table of TABLES) await tx.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
}

/** Remembers that the id stands for nobody any more. */
export async function insertErasure(tx: EntityManager, userId: UserId, erasedAt: Date): Promise<void> {
  await tx.createQueryBuilder().insert().into(ErasureEntity).values({ userId, erasedAt }).orIgnore().execute();
}
