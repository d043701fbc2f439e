import { createUnionType, Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { SecondFactorMethod } from '../access/login-methods.ts';
import { JsonObjectScalar } from '../graphql/scalars/json-object.ts';
import { User } from '../users/user.type.ts';
import { Session } from './session.type.ts';

enum RequiredAction {
  ENROLL_SECOND_FACTOR = 'ENROLL_SECOND_FACTOR',
}
registerEnumType(RequiredAction, {
  name: 'RequiredAction',
  description: 'What a person must do before anything else.',
  valuesConfig: { ENROLL_SECOND_FACTOR: { description: 'A role demands a second factor, and none is enrolled.' } },
});

@ObjectType('LoggedIn', { description: 'A session and its tokens.' })
export class LoggedIn {
  @Field(() => String, { description: 'A signed JWT, for the Authorization header.' })
  readonly accessToken!: string;

  @Field(() => String, { description: 'Always Bearer.' })
  readonly tokenType!: string;

  @Field(() => Int, { description: 'Seconds until the access token expires.' })
  readonly expiresIn!: number;

  @Field(() => String, { nullable: true, description: 'Opaque, single use. Null with COOKIE delivery.' })
  readonly refreshToken!: string | null;

  @Field(() => Session, { nullable: true, description: 'The session that the tokens belong to.' })
  readonly session!: Session | null;

  @Field(() => User, { nullable: true, description: 'Who is logged in.' })
  readonly user!: User | null;

  @Field(() => [RequiredAction], {
    description: 'What the person must do first; until then all else answers ACTION_REQUIRED.',
  })
  readonly requiredActions!: RequiredAction[];

  @Field(() => String, {
    nullable: true,
    description:
      'For apps: give it back in LoginInput, so that guessing by others does not slow this device. Browsers get a cookie and null here.',
  })
  readonly deviceToken!: string | null;
}

@ObjectType('SecondFactorRequired', {
  description: 'The password was right, and a second factor is on: go on with completeLogin.',
})
export class SecondFactorRequired {
  @Field(() => String, { description: 'Opaque, short-lived, good for completeLogin only.' })
  readonly loginToken!: string;

  @Field(() => Int, { description: 'Seconds until the login token expires.' })
  readonly expiresIn!: number;

  @Field(() => [SecondFactorMethod], { description: 'The ways that are open to this user.' })
  readonly methods!: SecondFactorMethod[];

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "For PASSKEY: options in the JSON form that the browser's WebAuthn API takes.",
  })
  readonly passkeyOptions!: Record<string, unknown> | null;
}

/** Told apart by their class. */
export const LoginResult = createUnionType({
  name: 'LoginResult',
  description: 'A login that is done, or one that needs a second step. More may come: keep a default branch.',
  types: () => [LoggedIn, SecondFactorRequired] as const,
});
