import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import type { RoleId, UserId } from '../platform/ids.ts';

/** A named set of permissions. Four are built in (migration) and cannot be changed. */
@Entity('roles')
@Check(
  'roles_permissions_check',
  `"permissions" <@ ARRAY['USERS_READ', 'USERS_WRITE', 'USERS_ERASE', 'SESSIONS_READ', 'SESSIONS_REVOKE', 'ROLES_READ', 'ROLES_WRITE', 'AUDIT_READ']`,
)
@Unique('roles_name_key', ['name'])
export class RoleEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'roles_pkey' })
  id!: RoleId;

  @Column('text')
  name!: string;

  @Column('text')
  description!: string;

  @Column('text', { array: true })
  permissions!: Permission[];

  @Column('boolean', { name: 'built_in', default: false })
  builtIn!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}

/** Who holds which role. Roles are downhill of users, so UserEntity is named here, not imported. */
@Entity('user_roles')
@Index('user_roles_role_id_created_at_idx', ['roleId', 'userCreatedAt', 'userId'])
@Index('user_roles_role_id_status_created_at_idx', ['roleId', 'userStatus', 'userCreatedAt', 'userId'])
export class UserRoleEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'user_roles_pkey' })
  @ForeignKey('UserEntity', { name: 'user_roles_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  @PrimaryColumn('uuid', { name: 'role_id', primaryKeyConstraintName: 'user_roles_pkey' })
  @ForeignKey(() => RoleEntity, { name: 'user_roles_role_id_fkey' })
  roleId!: RoleId;

  @Column('timestamp with time zone', { name: 'assigned_at', precision: 3 })
  assignedAt!: Date;

  /** Of the user. Triggers keep both as they are there, so that a page of a role's holders is one range of an index. */
  @Column('timestamp with time zone', { name: 'user_created_at', precision: 3 })
  userCreatedAt?: Date;

  @Column('text', { name: 'user_status' })
  userStatus?: string;
}
