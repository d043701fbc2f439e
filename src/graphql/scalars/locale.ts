import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const NO_LOCALE = new Refused('INVALID_FORMAT', 'Must be a BCP 47 language tag: de-CH.');

/** The inner value is the canonical form by ECMA-402: `DE-ch` becomes `de-CH`, `iw` becomes `he`. */
export const LocaleScalar = textScalar<string>({
  name: 'Locale',
  description: 'BCP 47: de-CH.',
  maxLength: 100,
  parse(text) {
    try {
      return Intl.getCanonicalLocales(text)[0] ?? NO_LOCALE;
    } catch {
      return NO_LOCALE;
    }
  },
});
