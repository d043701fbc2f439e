import type { EntityManager } from 'typeorm';
import type { SigningKeyRecord } from '../crypto/signing-keys.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';

export function findSigningKeys(manager: EntityManager): Promise<SigningKeyRecord[]> {
  return manager.find(SigningKeyEntity, { order: { createdAt: 'ASC' } });
}

/** Adds the key as the one that signs. False when there is one already: two nodes may start on a new database at once. */
export async function insertFirstSigningKey(tx: EntityManager, record: SigningKeyRecord): Promise<boolean> {
  const result = await tx
    .createQueryBuilder()
    .insert()
    .into(SigningKeyEntity)
    .values({ ...record, state: 'CURRENT', currentAt: record.createdAt, retiredAt: null })
    .orIgnore()
    .returning('id')
    .execute();
  return (result.raw as unknown[]).length === 1;
}
