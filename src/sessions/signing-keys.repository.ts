import type { EntityManager } from 'typeorm';
import type { SigningKeyRecord } from '../crypto/signing-keys.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';

/** A signing key with the times that its rotation goes by. */
export type StoredSigningKey = SigningKeyRecord & Pick<SigningKeyEntity, 'currentAt' | 'retiredAt'>;

/** All signing keys, oldest first. */
export function findSigningKeys(manager: EntityManager): Promise<StoredSigningKey[]> {
  return manager.find(SigningKeyEntity, { order: { createdAt: 'ASC', id: 'ASC' } });
}

/** The number that moves with every change of the keys; for a statement that reads more than it. */
export const SIGNING_EPOCH = '(SELECT epoch FROM signing_key_epoch)';

export async function findSigningEpoch(manager: EntityManager): Promise<number | null> {
  const rows = await manager.query<{ epoch: number | null }[]>(`SELECT ${SIGNING_EPOCH} AS epoch`);
  return rows[0]?.epoch ?? null;
}

/** Keeps others from changing the signing keys until the transaction ends, and tells every node that they have changed. */
export async function moveSigningEpoch(tx: EntityManager): Promise<void> {
  await tx.query(
    'INSERT INTO signing_key_epoch (epoch) VALUES (1) ON CONFLICT ("only") DO UPDATE SET epoch = signing_key_epoch.epoch + 1',
  );
}

export async function insertSigningKey(tx: EntityManager, key: StoredSigningKey): Promise<void> {
  await tx.query(
    `INSERT INTO signing_keys (id, algorithm, public_key, private_key, system_key_id, state, created_at, current_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      key.id,
      key.algorithm,
      JSON.stringify(key.publicKey),
      key.privateKey.bytes,
      key.systemKeyId,
      key.state,
      key.createdAt,
      key.currentAt,
    ],
  );
}

/** The current key signs no more, and the next one does. */
export async function promoteSigningKey(tx: EntityManager, id: string, now: Date): Promise<void> {
  await tx.query(`UPDATE signing_keys SET state = 'RETIRED', retired_at = $1 WHERE state = 'CURRENT'`, [now]);
  await tx.query(`UPDATE signing_keys SET state = 'CURRENT', current_at = $2 WHERE id = $1 AND state = 'NEXT'`, [
    id,
    now,
  ]);
}

export async function deleteSigningKeys(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM signing_keys WHERE id = ANY($1)', [ids]);
}

/** Ends every key there is, and every token they signed. Answers their ids. */
export async function revokeSigningKeys(tx: EntityManager, now: Date): Promise<string[]> {
  const [rows] = await tx.query<[{ id: string }[], number]>(
    `UPDATE signing_keys SET state = 'REVOKED', retired_at = $1 WHERE state <> 'REVOKED' RETURNING id`,
    [now],
  );
  return rows.map(({ id }) => id);
}
