import type { EntityManager } from 'typeorm';
import type { SigningKeyRecord } from '../crypto/signing-keys.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';

export function findSigningKeys(manager: EntityManager): Promise<SigningKeyRecord[]> {
  return manager.find(SigningKeyEntity, { order: { createdAt: 'ASC' } });
}

/** Adds the key as the one that signs. False when there is one already: two nodes may start on a new database at once. */
export async function insertFirstSigningKey(tx: EntityManager, key: SigningKeyRecord): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO signing_keys (id, algorithm, public_key, private_key, system_key_id, state, created_at, current_at)
     VALUES ($1, $2, $3, $4, $5, 'CURRENT', $6, $6) ON CONFLICT DO NOTHING RETURNING id`,
    [key.id, key.algorithm, JSON.stringify(key.publicKey), key.privateKey.bytes, key.systemKeyId, key.createdAt],
  );
  return rows.length === 1;
}
