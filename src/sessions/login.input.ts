import { Field, InputType } from 'type-graphql';
import { CurrentPassword } from '../graphql/input-limits.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';
import type { TokenDelivery } from './session.entity.ts';
import { TokenDeliveryEnum } from './token-delivery.enum.ts';

@InputType({ description: 'Who logs in.' })
export class LoginInput {
  @Field(() => EmailAddressScalar, { description: 'The address of the account.' })
  email!: string;

  @Field(() => String, { description: 'The password of the account.' })
  @CurrentPassword()
  password!: string;

  @Field(() => TokenDeliveryEnum, {
    nullable: true,
    defaultValue: 'BODY',
    description: 'Where the refresh token goes, for the whole session.',
  })
  delivery?: TokenDelivery | null;

  @Field(() => String, {
    nullable: true,
    description: 'What an earlier login answered as deviceToken; for BODY alone.',
  })
  deviceToken?: string | null;
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
