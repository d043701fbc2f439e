import { Field, ID, InputType } from 'type-graphql';
import { CurrentPassword, Limits } from '../graphql/input-limits.ts';

@InputType({ description: 'The password.' })
export class ReauthenticateInput {
  @Field(() => String, { nullable: true, description: 'The password of the account.' })
  @CurrentPassword()
  password?: string | null;
}

@InputType({ description: 'Which service the token is for.' })
export class ServiceTokenInput {
  @Field(() => String, { description: 'One of those that the operator listed.' })
  @Limits({ maxLength: 200, notBlank: true })
  audience!: string;
}

@InputType({ description: 'Which session to end.' })
export class RevokeSessionInput {
  @Field(() => ID, { description: 'The id of a live session of the user.' })
  id!: string;
}
