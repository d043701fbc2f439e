import { MAX_ADDRESS_OCTETS, parseEmailAddress } from '../../platform/email-address.ts';
import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const TOO_LONG = new Refused('TOO_LONG', `Must have at most ${MAX_ADDRESS_OCTETS} octets.`, MAX_ADDRESS_OCTETS);
const NO_ADDRESS = new Refused('INVALID_FORMAT', 'Must be an e-mail address.');

/** The inner value is the text as typed, without the spaces around it; `parseEmailAddress` takes every one of them. */
export const EmailAddressScalar = textScalar<string>({
  name: 'EmailAddress',
  description:
    'RFC 5321 address, also with an IDN domain or a UTF-8 local part; spaces around it are dropped. 254 octets at most.',
  trim: true,
  maxLength: MAX_ADDRESS_OCTETS,
  parse(text) {
    if (Buffer.byteLength(text) > MAX_ADDRESS_OCTETS) return TOO_LONG;
    return parseEmailAddress(text)?.text ?? NO_ADDRESS;
  },
});
