import { type EntityManager, In } from 'typeorm';
import { RoleEntity } from './role.entity.ts';
import type { RoleRecord } from './role.record.ts';

/** The roles of these names; unknown ones are left out. */
export function findRolesByName(manager: EntityManager, names: readonly string[]): Promise<RoleRecord[]> {
  return manager.find(RoleEntity, { where: { name: In([...names]) }, order: { name: 'ASC' } });
}
