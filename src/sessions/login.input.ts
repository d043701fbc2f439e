import { Field, InputType } from 'type-graphql';
import { CurrentPassword } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';

@InputType({ description: 'Who logs in.' })
export class LoginInput {
  @Field(() => EmailAddressScalar, { description: 'The address of the account.' })
  email!: string;

  @Field(() => String, { description: 'The password of the account.' })
  @CurrentPassword()
  password!: string;
}

@InputType({ description: 'The refresh token, where it is not in a cookie.' })
export class RefreshInput {
  @Field(() => String, { nullable: true, description: 'As login or refresh answered it.' })
  refreshToken?: string | null;
}

@InputType({ description: 'The session to end, where the request has no access token.' })
export class LogoutInput {
  @Field(() => String, { nullable: true, description: 'As login or refresh answered it.' })
  refreshToken?: string | null;
}
