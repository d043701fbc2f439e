import type { EntityManager } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { ProfileEntity } from './profile.entity.ts';

/** Writes the columns that a change touches. The caller holds the user's row. */
export async function updateProfileRow(
  tx: EntityManager,
  userId: UserId,
  columns: Partial<Omit<ProfileEntity, 'userId'>>,
): Promise<void> {
  await tx.update(ProfileEntity, { userId }, columns);
}
