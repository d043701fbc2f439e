import { type EntityManager, MoreThanOrEqual } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { ErasureEntity } from './erasure.entity.ts';

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

/** Everybody erased since `since`, for the list beside the database. */
export function findErasures(manager: EntityManager, since: Date): Promise<ErasureEntity[]> {
  return manager.find(ErasureEntity, { where: { erasedAt: MoreThanOrEqual(since) } });
}

/** Who of these is a person still, or again: the database was restored from before their erasure. */
export async function findUnerased(manager: EntityManager, ids: readonly UserId[]): Promise<UserId[]> {
  const rows = await manager.query<{ id: UserId }[]>(
    `SELECT id FROM users WHERE id = ANY($1::uuid[]) AND status <> 'ERASED' ORDER BY id`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/**
 * Takes the dead rows of wrapped data keys out of their pages. As the owner: PostgreSQL lets nobody else. Not in a transaction.
 * Waits for nobody, and nobody waits for it.
 */
export async function vacuumDataKeys(owner: EntityManager): Promise<void> {
  await owner.query('VACUUM data_keys');
}

/** Remembers that the id stands for nobody any more. */
export async function insertErasure(tx: EntityManager, userId: UserId, erasedAt: Date): Promise<void> {
  await tx.createQueryBuilder().insert().into(ErasureEntity).values({ userId, erasedAt }).orIgnore().execute();
}
