import type { EntityManager } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import type { RoleId } from '../platform/ids.ts';
import type { RoleEntity } from './role.entity.ts';

/**
 * Begins a change of who may what, before any other lock: the row of the role admin stands for all of it. `change` for what could
 * take a permission away from somebody (one such change at a time, and nobody acts on power that is just being taken away); `use`
 * for everything else that acts by permissions. Two parallel conditional deletes, without it, left no administrator at all.
 */
export async function lockPower(tx: EntityManager, as: 'use' | 'change'): Promise<void> {
  await tx.query(`SELECT 1 FROM roles WHERE name = 'admin' FOR ${as === 'change' ? 'UPDATE' : 'SHARE'}`);
}

/** How many ACTIVE users hold the role admin. Exact while the caller holds the lock for a change. */
export async function countAdministrators(tx: EntityManager): Promise<number> {
  const [row] = await tx.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM user_roles ur JOIN roles r ON r.id = ur.role_id JOIN users u ON u.id = ur.user_id
     WHERE r.name = 'admin' AND u.status = 'ACTIVE'`,
  );
  return row?.count ?? 0;
}

/** All permissions that a user holds at this moment, each once. */
export async function findPermissions(tx: EntityManager, userId: string): Promise<RoleEntity['permissions']> {
  const rows = await tx.query<{ permission: RoleEntity['permissions'][number] }[]>(
    `SELECT DISTINCT unnest(r.permissions) AS permission FROM user_roles ur JOIN roles r ON r.id = ur.role_id
     WHERE ur.user_id = $1`,
    [userId],
  );
  return rows.map(({ permission }) => permission);
}

/** All permissions that the holders of a role hold, by it or by another one, each once. */
export async function findPermissionsOfHolders(tx: EntityManager, roleId: RoleId): Promise<Permission[]> {
  const rows = await tx.query<{ permission: Permission }[]>(
    `SELECT DISTINCT unnest(r.permissions) AS permission FROM roles r WHERE r.id IN (
       SELECT other.role_id FROM user_roles other JOIN user_roles holder ON holder.user_id = other.user_id
       WHERE holder.role_id = $1)`,
    [roleId],
  );
  return rows.map(({ permission }) => permission);
}
