import { parseUrl } from '../../platform/parse-url.ts';
import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const MAX_LENGTH = 2_048;
const NO_URL = new Refused('INVALID_FORMAT', 'Must be an absolute https URL without a user name.');
const TOO_LONG = new Refused('TOO_LONG', `Must have at most ${MAX_LENGTH} characters.`, MAX_LENGTH);
/** The parser of the URL standard also takes `https:host`, drops spaces, and reads a backslash as a slash. */
const ABSOLUTE = /^https:\/\/[^\s\\]+$/i;

/**
 * The inner value is the URL as the URL standard writes it, in ASCII: `https://bücher.example` becomes
 * `https://xn--bcher-kva.example/`. No other scheme, so a page that makes a link of it runs no `javascript:`.
 */
export const UrlScalar = textScalar<string>({
  name: 'URL',
  description: 'An absolute https URL.',
  maxLength: MAX_LENGTH,
  parse(text) {
    const url = ABSOLUTE.test(text) ? parseUrl(text) : undefined;
    if (!url) return NO_URL;
    // ada@example.com in a link looks like the place that it leads to.
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return NO_URL;
    return url.href.length > MAX_LENGTH ? TOO_LONG : url.href;
  },
});
