import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { PERMISSIONS, type Permission } from '../access/permissions.ts';
import type { RoleId } from '../platform/ids.ts';
import type { RoleRecord } from './role.record.ts';

export const PermissionEnum = Object.fromEntries(PERMISSIONS.map((name) => [name, name])) as { [P in Permission]: P };
registerEnumType(PermissionEnum, {
  name: 'Permission',
  description: 'What a role can allow. Permissions are a closed list; roles name some of them.',
  valuesConfig: {
    USERS_READ: { description: 'Read every user, with e-mail address and profile.' },
    USERS_WRITE: { description: 'Create, disable and enable users, and remove their second factors.' },
    USERS_ERASE: { description: "Erase a user's personal data for good." },
    SESSIONS_READ: { description: "Read other users' sessions." },
    SESSIONS_REVOKE: { description: "End other users' sessions." },
    ROLES_READ: { description: 'Read all roles.' },
    ROLES_WRITE: { description: 'Create, change and delete roles, assign and unassign them.' },
    AUDIT_READ: { description: 'Read the audit trail.' },
  },
});

@ObjectType('Role', {
  description:
    'Built in: user (no permissions), support (USERS_READ SESSIONS_READ SESSIONS_REVOKE), auditor (AUDIT_READ ROLES_READ), admin (all). The last holder of admin cannot lose it.',
})
export class Role {
  @Field(() => ID, { description: 'Opaque, unique over all types.' })
  readonly id: RoleId;

  @Field(() => String, { description: 'Unique, and what assignRole takes.' })
  readonly name: string;

  @Field(() => String, { description: 'What the role is for, in a sentence.' })
  readonly description: string;

  @Field(() => [PermissionEnum], { description: 'What its holders may do.' })
  readonly permissions: readonly Permission[];

  @Field(() => Boolean, { description: 'Whether it came with the server: such a role cannot be changed or deleted.' })
  readonly builtIn: boolean;

  constructor(record: RoleRecord) {
    this.id = record.id;
    this.name = record.name;
    this.description = record.description;
    this.permissions = record.permissions;
    this.builtIn = record.builtIn;
  }
}

@ObjectType({ description: 'The role that was made.' })
export class CreateRolePayload {
  @Field(() => Role, { description: 'The role that was made.' })
  readonly role!: Role;
}

@ObjectType({ description: 'The role after the change.' })
export class UpdateRolePayload {
  @Field(() => Role, { description: 'The role after the change.' })
  readonly role!: Role;
}

@ObjectType({ description: 'What was deleted.' })
export class DeleteRolePayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly deleted!: boolean;

  @Field(() => ID, { nullable: true, description: 'The role that is gone.' })
  readonly deletedRoleId!: RoleId | null;
}
