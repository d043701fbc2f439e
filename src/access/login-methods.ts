import { registerEnumType } from 'type-graphql';

export enum LoginMethod {
  PASSWORD = 'PASSWORD',
  PASSKEY = 'PASSKEY',
}
registerEnumType(LoginMethod, {
  name: 'LoginMethod',
  description: 'Ways to log in.',
  valuesConfig: { PASSWORD: { description: 'By login.' }, PASSKEY: { description: 'By finishPasskeyLogin.' } },
});

export enum SecondFactorMethod {
  TOTP = 'TOTP',
  RECOVERY_CODE = 'RECOVERY_CODE',
  PASSKEY = 'PASSKEY',
}
registerEnumType(SecondFactorMethod, {
  name: 'SecondFactorMethod',
  description: 'Ways to pass the second step of a login.',
  valuesConfig: {
    TOTP: { description: 'The code of an authenticator app.' },
    RECOVERY_CODE: { description: 'One of the codes shown at enrolment; each works once.' },
    PASSKEY: { description: 'A passkey.' },
  },
});
