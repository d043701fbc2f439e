import { Field, ID, InputType } from 'type-graphql';
import { Limits } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';
import { UpdateProfileInput } from './profile.input.ts';

const WHO = 'Which user.';

@InputType({ description: 'A new user.' })
export class CreateUserInput {
  @Field(() => EmailAddressScalar, { description: 'Where the token to set a password with is mailed to.' })
  email!: string;

  @Field(() => [String], {
    defaultValue: [],
    description: 'Names of roles besides user. You need to hold all that they allow.',
  })
  @Limits({ maxItems: 50, notBlank: true })
  roles!: string[];

  @Field(() => UpdateProfileInput, { nullable: true, description: 'What is known of the user.' })
  profile?: UpdateProfileInput | null;
}

@InputType({ description: 'Whom to shut out, and why.' })
export class DisableUserInput {
  @Field(() => ID, { description: WHO })
  id!: string;

  @Field(() => String, { description: 'For the audit trail, sealed there; 500 characters at most.' })
  @Limits({ maxLength: 500, notBlank: true })
  reason!: string;
}

@InputType({ description: 'Whom to let in again.' })
export class EnableUserInput {
  @Field(() => ID, { description: WHO })
  id!: string;
}

@InputType({ description: 'Whose sessions to end.' })
export class RevokeUserSessionsInput {
  @Field(() => ID, { description: WHO })
  userId!: string;
}

@InputType({ description: 'Who gets which role.' })
export class AssignRoleInput {
  @Field(() => ID, { description: WHO })
  userId!: string;

  @Field(() => String, { description: 'The name of the role.' })
  @Limits({ notBlank: true })
  role!: string;
}

@InputType({ description: 'Who loses which role.' })
export class UnassignRoleInput {
  @Field(() => ID, { description: WHO })
  userId!: string;

  @Field(() => String, { description: 'The name of the role.' })
  @Limits({ notBlank: true })
  role!: string;
}
