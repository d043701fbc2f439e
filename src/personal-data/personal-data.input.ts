import { Field, InputType } from 'type-graphql';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';

@InputType({ description: 'Shows that the user means it.' })
export class EraseMeInput {
  @Field(() => EmailAddressScalar, { description: "The user's own e-mail address, typed again." })
  confirmEmail!: string;
}
