import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import type { CredentialRecord } from './user.record.ts';
import { findCredentials } from './users.repository.ts';

/** Locks the user's row until the transaction ends, and reads it as it stands then. */
export async function holdUser(tx: EntityManager, id: UserId): Promise<CredentialRecord | undefined> {
  await tx.query('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [id]);
  return findCredentials(tx, id);
}

/** From now on no registrant's password counts. The tokens in mails stay good: each still shows who owns the address. */
export async function contestUser(tx: EntityManager, id: UserId): Promise<void> {
  await tx.query('UPDATE users SET contested = true, version = version + 1 WHERE id = $1', [id]);
}
