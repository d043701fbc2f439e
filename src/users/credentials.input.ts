import { Field, InputType } from 'type-graphql';
import { CurrentPassword, Limits, NewPasswordOfUser } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';

const TOKEN = 'As it stands in the mail.';

@InputType({ description: 'Who wants another verification mail.' })
export class ResendVerificationInput {
  @Field(() => EmailAddressScalar, { description: 'The address that was registered.' })
  email!: string;
}

@InputType({ description: 'Who forgot their password.' })
export class RequestPasswordResetInput {
  @Field(() => EmailAddressScalar, { description: 'The address of the account.' })
  email!: string;
}

@InputType({ description: 'Both passwords.' })
export class ChangePasswordInput {
  @Field(() => String, { description: 'The password that is valid now.' })
  @CurrentPassword()
  currentPassword!: string;

  @Field(() => String, { description: 'Judged by serverInfo.passwordPolicy; not the current one.' })
  @NewPasswordOfUser()
  newPassword!: string;
}

@InputType({ description: 'The new address.' })
export class RequestEmailChangeInput {
  @Field(() => EmailAddressScalar, { description: 'Where the token is mailed to.' })
  newEmail!: string;
}

@InputType({ description: 'The token from the mail to the new address.' })
export class ConfirmEmailChangeInput {
  @Field(() => String, { description: TOKEN })
  @Limits({ notBlank: true })
  token!: string;
}

@InputType({ description: 'The token from the mail to the old address.' })
export class RevertEmailChangeInput {
  @Field(() => String, { description: TOKEN })
  @Limits({ notBlank: true })
  token!: string;
}
