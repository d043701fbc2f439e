import type { Permission } from '../access/permissions.ts';
import type { RoleId } from '../platform/ids.ts';

export interface RoleRecord {
  readonly id: RoleId;
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly builtIn: boolean;
}

/** Every permission of some roles, in the order of the closed list's declaration in each. */
export function permissionsOf(roles: readonly RoleRecord[]): ReadonlySet<Permission> {
  return new Set(roles.flatMap((role) => role.permissions));
}
