import { Field, Int, ObjectType } from 'type-graphql';
import { User } from './user.type.ts';

@ObjectType({ description: 'The new user gets a mail with a token to set a password with.' })
export class CreateUserPayload {
  @Field(() => User, { nullable: true, description: 'The new user, PENDING until they have set a password.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'The user after the change.' })
export class DisableUserPayload {
  @Field(() => User, { nullable: true, description: 'The user after the change.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'The user after the change.' })
export class EnableUserPayload {
  @Field(() => User, { nullable: true, description: 'The user after the change.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'What was ended.' })
export class RevokeUserSessionsPayload {
  @Field(() => Int, { description: 'How many sessions were ended.' })
  readonly revokedCount!: number;

  @Field(() => User, { nullable: true, description: 'Whose they were.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'The user after the change.' })
export class AssignRolePayload {
  @Field(() => User, { nullable: true, description: 'The user after the change.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'The user after the change.' })
export class UnassignRolePayload {
  @Field(() => User, { nullable: true, description: 'The user after the change.' })
  readonly user!: User | null;
}
