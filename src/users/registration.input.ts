import { Field, InputType } from 'type-graphql';
import { NewPassword } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';
import { UpdateProfileInput } from './profile.input.ts';

@InputType({ description: 'Who registers.' })
export class RegisterInput {
  @Field(() => EmailAddressScalar, { description: 'Where the verification token is mailed to.' })
  email!: string;

  @Field(() => String, { description: 'Judged by serverInfo.passwordPolicy.' })
  @NewPassword()
  password!: string;

  @Field(() => UpdateProfileInput, { nullable: true, description: 'What the user says of themselves.' })
  profile?: UpdateProfileInput | null;
}

@InputType({ description: 'The token from the mail.' })
export class VerifyEmailInput {
  @Field(() => String, { description: 'As it stands in the mail.' })
  token!: string;
}
