import { type EntityManager, In } from 'typeorm';
import type { RoleId, UserId } from '../platform/ids.ts';
import { RoleEntity, UserRoleEntity } from './role.entity.ts';
import type { RoleRecord } from './role.record.ts';

/** The unique constraint that a second role of one name breaks. */
export const ROLE_NAME_TAKEN = 'roles_name_key';

/** The roles of these names; unknown ones are left out. */
export function findRolesByName(manager: EntityManager, names: readonly string[]): Promise<RoleRecord[]> {
  return manager.find(RoleEntity, { where: { name: In([...names]) }, order: { name: 'ASC' } });
}

/** Every role, by name. */
export function findRoles(manager: EntityManager): Promise<RoleRecord[]> {
  return manager.find(RoleEntity, { order: { name: 'ASC' } });
}

/** Fails on `ROLE_NAME_TAKEN`. */
export async function insertRole(tx: EntityManager, role: RoleEntity): Promise<void> {
  await tx.insert(RoleEntity, role);
}

export async function updateRoleRow(
  tx: EntityManager,
  id: RoleId,
  change: Pick<RoleEntity, 'description' | 'permissions'>,
): Promise<void> {
  await tx.update(RoleEntity, { id }, change);
}

/** Deletes a role that nobody holds. False where somebody does. */
export async function deleteUnusedRole(tx: EntityManager, id: RoleId): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    'DELETE FROM roles WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM user_roles WHERE role_id = $1) RETURNING id',
    [id],
  );
  return rows.length === 1;
}

/** False where the user holds the role already. */
export async function insertUserRole(tx: EntityManager, row: UserRoleEntity): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO user_roles (user_id, role_id, assigned_at) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING RETURNING role_id`,
    [row.userId, row.roleId, row.assignedAt],
  );
  return rows.length === 1;
}

/** False where the user did not hold the role. */
export async function deleteUserRole(tx: EntityManager, userId: UserId, roleId: RoleId): Promise<boolean> {
  const { affected } = await tx.delete(UserRoleEntity, { userId, roleId });
  return affected === 1;
}
