import { Field, ID, InputType } from 'type-graphql';
import { Limits } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';

@InputType({ description: 'Shows that the user means it.' })
export class EraseMeInput {
  @Field(() => EmailAddressScalar, { description: "The user's own e-mail address, typed again." })
  confirmEmail!: string;
}

@InputType({ description: 'Whom to erase, and why.' })
export class EraseUserInput {
  @Field(() => ID, { description: 'Which user.' })
  id!: string;

  @Field(() => String, {
    description:
      'For the audit trail, where it is kept as long as you are: write a reference, nothing about the person. 500 characters at most.',
  })
  @Limits({ maxLength: 500, notBlank: true })
  reason!: string;
}
