import type { EntityManager } from 'typeorm';
import type { BlindIndex } from '../crypto/blind-index.ts';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import type { UserId } from '../platform/ids.ts';
import { DataKeyEntity } from './data-key.entity.ts';
import { EmailIndexEntity } from './email-index.entity.ts';
import { ProfileEntity } from './profile.entity.ts';
import { UserEntity } from './user.entity.ts';

/** The unique constraint that a second account for one address breaks. */
export const ADDRESS_TAKEN = 'email_indexes_key_version_index_key';

export interface NewUserRows {
  readonly user: UserEntity;
  readonly dataKey: WrappedDataKey;
  readonly indexes: readonly BlindIndex[];
  readonly profile: Omit<ProfileEntity, 'userId'>;
  readonly roles: readonly string[];
}

/** All rows of a new user. Fails on `ADDRESS_TAKEN` where the address has an account. */
export async function insertUser(tx: EntityManager, rows: NewUserRows): Promise<void> {
  const userId: UserId = rows.user.id;
  const createdAt = rows.user.createdAt;
  await tx.insert(UserEntity, rows.user);
  await tx.insert(
    EmailIndexEntity,
    rows.indexes.map(({ keyVersion, index }) => ({ userId, keyVersion, index })),
  );
  await tx.insert(DataKeyEntity, { ...rows.dataKey, createdAt, retiredAt: null });
  await tx.insert(ProfileEntity, { ...rows.profile, userId });
  await tx.query(
    `INSERT INTO user_roles (user_id, role_id, assigned_at) SELECT $1, id, $3 FROM roles WHERE name = ANY($2)`,
    [userId, rows.roles, createdAt],
  );
}
