import { Field, ObjectType } from 'type-graphql';
import { User } from './user.type.ts';

const ACCEPTED = 'Always true: the mail tells the rest.';

@ObjectType({ description: 'What became of the request.' })
export class ResendVerificationPayload {
  @Field(() => Boolean, { description: ACCEPTED })
  readonly accepted!: boolean;
}

@ObjectType({ description: 'What became of the request.' })
export class RequestPasswordResetPayload {
  @Field(() => Boolean, { description: ACCEPTED })
  readonly accepted!: boolean;
}

@ObjectType({ description: 'What became of the request.' })
export class RequestEmailChangePayload {
  @Field(() => Boolean, { description: ACCEPTED })
  readonly accepted!: boolean;
}

@ObjectType({ description: 'What became of the change.' })
export class ChangePasswordPayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly changed!: boolean;
}

@ObjectType({ description: 'The user with the new address.' })
export class ConfirmEmailChangePayload {
  @Field(() => User, { nullable: true, description: 'The user with the new address.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'What became of the change.' })
export class RevertEmailChangePayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly reverted!: boolean;
}
