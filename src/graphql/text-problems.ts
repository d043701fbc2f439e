import { isPasswordTooLong, MAX_PASSWORD_CODE_POINTS } from '../crypto/password-text.ts';
import type { InputLimits } from './input-limits.ts';
import { DEFAULT_MAX_LENGTH } from './input-limits.ts';
import { Refused } from './scalars/refused.ts';

const NOT_PRINTABLE = new Refused('INVALID_FORMAT', 'Has characters that are not allowed here.');
const BLANK = new Refused('REQUIRED', 'Must not be blank.');
const PASSWORD_TOO_LONG = new Refused('TOO_LONG', 'Is longer than any password.', MAX_PASSWORD_CODE_POINTS);

// What neither PostgreSQL nor UTF-8 holds: U+0000 and half a surrogate pair.
const UNSTORABLE = /[\0\p{Surrogate}]/u;
// A line break in a name forges lines wherever it is printed; U+2028 and U+2029 break lines too.
const NOT_ONE_LINE = /[\p{Cc}\p{Surrogate}\u2028\u2029]/u;
const NOT_LINES = /[\p{Surrogate}]|(?![\t\n\r])\p{Cc}/u;

/** What is wrong with a text by what was declared for it, if anything: one fault, the most basic first. */
export function findTextProblem(text: string, limits: InputLimits): Refused | undefined {
  const { minLength = 0, maxLength = DEFAULT_MAX_LENGTH } = limits;
  // A code point is one or two UTF-16 units, so most texts need no counting, and a huge one is not read.
  if (text.length > 2 * maxLength || (text.length > maxLength && [...text].length > maxLength)) {
    return new Refused('TOO_LONG', `Must have at most ${maxLength} characters.`, maxLength);
  }
  if ((limits.multiline ? NOT_LINES : NOT_ONE_LINE).test(text)) return NOT_PRINTABLE;
  if (limits.notBlank && text.trim() === '') return BLANK;
  if (text.length < 2 * minLength && [...text].length < minLength) {
    return new Refused('TOO_SHORT', `Must have at least ${minLength} characters.`, minLength);
  }
  return undefined;
}

/** What makes a text no password at all. Its strength is the policy's affair. */
export function findPasswordProblem(password: string): Refused | undefined {
  return UNSTORABLE.test(password) ? NOT_PRINTABLE : undefined;
}

/** The same for one that was set before: over the length that can have been set, it is not worth a hash. */
export function findCurrentPasswordProblem(password: string): Refused | undefined {
  return isPasswordTooLong(password) ? PASSWORD_TOO_LONG : findPasswordProblem(password);
}
