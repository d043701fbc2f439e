import { registerEnumType } from 'type-graphql';
import type { TokenDelivery } from './session.entity.ts';

export const TokenDeliveryEnum: { readonly [D in TokenDelivery]: D } = { BODY: 'BODY', COOKIE: 'COOKIE' };
registerEnumType(TokenDeliveryEnum, {
  name: 'TokenDelivery',
  description: "Where the refresh token goes: in the answer, or in an HttpOnly cookie with the answer's field null.",
  valuesConfig: {
    BODY: { description: 'In the answer: for apps and services.' },
    COOKIE: { description: 'In an HttpOnly cookie: for browsers. Needs an allowed Origin.' },
  },
});
