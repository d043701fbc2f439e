import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const NO_NUMBER = new Refused('INVALID_FORMAT', 'Must be a phone number with its country code: +41446681800.');
// Digits, and what people write between them. Letters would bring extensions and words, which E.164 cannot hold.
const INTERNATIONAL = /^\+[\p{Nd}\s().\-/\u2010-\u2015]+$/u;
const E164 = /^\+[1-9]\d{1,14}$/;

/**
 * The inner value is E.164 (ITU-T): `+41 44 668 18 00` becomes `+41446681800`. The country code must exist and the length must
 * be one of that country's; whether a range is in use is not asked, since ranges open faster than metadata is released.
 */
export const PhoneNumberScalar = textScalar<string>({
  name: 'PhoneNumber',
  description: 'E.164: +41446681800.',
  trim: true,
  maxLength: 40,
  parse(text) {
    if (!INTERNATIONAL.test(text)) return NO_NUMBER;
    const number = parsePhoneNumberFromString(text, { extract: false });
    if (!number?.isPossible() || !E164.test(number.number)) return NO_NUMBER;
    // A trunk zero may hide behind another: a form that reads as a different number each time names nobody.
    return parsePhoneNumberFromString(number.number)?.number === number.number ? number.number : NO_NUMBER;
  },
});
