import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const NO_ZONE = new Refused('INVALID_FORMAT', 'Must be an IANA time zone: Europe/Zurich.');

/** As the database spells them, by their lower-case form. */
const PRIMARY = new Map(Intl.supportedValuesOf('timeZone').map((name) => [name.toLowerCase(), name]));
/** How the database spells its names: each part begins with a capital, as aliases do that ICU does not list (Asia/Kolkata). */
const SPELLING = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/;
/** What ICU knows besides, for old programs, and the database does not: `BST` there is Dhaka. */
const NOT_IANA = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(' '),
);

function isAlias(name: string): boolean {
  if (!SPELLING.test(name) || NOT_IANA.has(name) || name.startsWith('SystemV/')) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The inner value is a name of the IANA database, an alias as it was given. Offsets (`+01:00`) are no names. */
export const TimeZoneScalar = textScalar<string>({
  name: 'TimeZone',
  description: 'IANA name: Europe/Zurich.',
  maxLength: 64,
  parse: (text) => PRIMARY.get(text.toLowerCase()) ?? (isAlias(text) ? text : NO_ZONE),
});
