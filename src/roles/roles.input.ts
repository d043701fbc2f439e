import { Field, InputType } from 'type-graphql';
import type { Permission } from '../access/permissions.ts';
import { Limits } from '../graphql/input-limits.ts';
import { PermissionEnum } from './role.type.ts';

const DESCRIPTION = { maxLength: 500, notBlank: true } as const;
const PERMISSION_ITEMS = { maxItems: 50 } as const;

@InputType({ description: 'A new role.' })
export class CreateRoleInput {
  @Field(() => String, {
    description: 'Small letters, digits and hyphens, beginning with a letter; 50 characters at most. Never changes.',
  })
  @Limits({ maxLength: 50, notBlank: true })
  name!: string;

  @Field(() => String, { description: 'What the role is for, in a sentence; 500 characters at most.' })
  @Limits(DESCRIPTION)
  description!: string;

  @Field(() => [PermissionEnum], { description: 'What its holders may do. Only what you hold yourself.' })
  @Limits(PERMISSION_ITEMS)
  permissions!: Permission[];
}

@InputType({ description: 'What to change of a role. A field left out stays as it is.' })
export class UpdateRoleInput {
  @Field(() => String, { description: 'Which role.' })
  @Limits({ notBlank: true })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the role is for, in a sentence; 500 characters at most.' })
  @Limits(DESCRIPTION)
  description?: string | null;

  @Field(() => [PermissionEnum], {
    nullable: true,
    description:
      'All that its holders may do from now on. You need to hold what is added; and to take anything away, all that anybody who has the role may do.',
  })
  @Limits(PERMISSION_ITEMS)
  permissions?: Permission[] | null;
}

@InputType({ description: 'Which role to delete.' })
export class DeleteRoleInput {
  @Field(() => String, { description: 'Its name. Nobody may hold it.' })
  @Limits({ notBlank: true })
  name!: string;
}
