import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What became of a registration.' })
export class RegisterPayload {
  @Field(() => Boolean, { description: 'Always true: the mail tells the rest.' })
  readonly accepted!: boolean;
}

@ObjectType({
  description:
    'setPassword is true where the address was registered more than once, with different passwords: none of them counts, and a mail with a token to set one is on its way.',
})
export class VerifyEmailPayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly verified!: boolean;

  @Field(() => Boolean, { description: 'Whether a password must be set with the token of the next mail.' })
  readonly setPassword!: boolean;
}
