import { domainToASCII, domainToUnicode } from 'node:url';

declare const brand: unique symbol;
/** The one form of an address that indexes and limits use: two spellings of one mailbox have the same. */
export type CanonicalAddress = string & { readonly [brand]: 'CanonicalAddress' };

/** An address that was understood. */
export interface EmailAddress {
  /** As typed, without the spaces around it. What is stored and shown. */
  readonly text: string;
  readonly canonical: CanonicalAddress;
  /** The local part as typed, the domain in ASCII. What a mail goes to: no mailer then converts the domain in its own way. */
  readonly delivery: string;
}

/** RFC 5321 §4.5.3.1.3 allows a path of 256 octets, which are these and two brackets. */
export const MAX_ADDRESS_OCTETS = 254;
/** RFC 5321 §4.5.3.1.1. */
const MAX_LOCAL_OCTETS = 64;

// Nothing invisible, and nothing unassigned: a later Unicode may give it another NFKC, hence another canonical form.
const UNSOUND = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const ATOM = "[\\w!#$%&'*+\\-/=?^`{|}~\\u0080-\\u{10FFFF}]+";
const DOT_STRING = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`, 'u');
const BARE = /^(?<local>[^"@]+)@(?<domain>[^@]+)$/u;
const QUOTED = /^"(?<content>(?:[^"\\]|\\[\x20-\x7e])*)"@(?<domain>[^@]+)$/u;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const ASCII = /^[ -~]*$/;

/**
 * The address that `typed` spells, or undefined where it is none or has no sound canonical form. The mailbox of RFC 5321 §4.1.2
 * with the UTF-8 of RFC 6531: dotted atoms or a quoted string, and a domain that may be international. Address literals
 * (`[192.0.2.1]`) are not taken: they have no domain.
 */
export function parseEmailAddress(typed: string): EmailAddress | undefined {
  const text = typed.trim();
  if (Buffer.byteLength(text) > MAX_ADDRESS_OCTETS || UNSOUND.test(text)) return undefined;
  const parts = splitAddress(text);
  const domain = parts && asciiDomain(parts.domain);
  const local = parts && canonicalLocal(parts.content, parts.isQuoted);
  if (domain === undefined || local === undefined) return undefined;
  const typedLocal = text.slice(0, text.lastIndexOf('@'));
  if (!isWithinLocalOctets(typedLocal)) return undefined;
  const canonical = `${local}@${domain}`;
  if (Buffer.byteLength(canonical) > MAX_ADDRESS_OCTETS) return undefined;
  return {
    text,
    canonical: canonical as CanonicalAddress,
    delivery: `${typedLocal}@${domain}`,
  };
}

/** The canonical form of an address that was checked when it came in; a TypeError, which repeats nothing, for any other text. */
export function canonicalAddress(text: string): CanonicalAddress {
  const address = parseEmailAddress(text);
  if (address === undefined) throw new TypeError('This text is no e-mail address.');
  return address.canonical;
}

interface Parts {
  /** The local part, without quotes and backslashes. */
  readonly content: string;
  readonly isQuoted: boolean;
  readonly domain: string;
}

function splitAddress(text: string): Parts | undefined {
  const bare = BARE.exec(text)?.groups;
  if (bare?.['local'] && bare['domain']) {
    const { local: content, domain } = bare;
    return DOT_STRING.test(content) ? { content, isQuoted: false, domain } : undefined;
  }
  const quoted = QUOTED.exec(text)?.groups;
  if (quoted?.['content'] === undefined || !quoted['domain']) return undefined;
  return { content: quoted['content'].replace(/\\(.)/gu, '$1'), isQuoted: true, domain: quoted['domain'] };
}

/**
 * NFKC, then lower case, and no full case folding (`faß` is not `fass`). Quotes stay only where they are needed: RFC 5321 §4.1.2
 * calls `"ada"` and `ada` one mailbox, and a limit must not count them apart.
 */
function canonicalLocal(content: string, isQuoted: boolean): string | undefined {
  const fold = (part: string) => part.normalize('NFKC').toLowerCase();
  const folded = fold(content);
  // A form that folds on (`J̌`, which has no capital of its own) would name two mailboxes.
  if (fold(folded) !== folded) return undefined;
  // `＠` or `‥` folds into what only quotes may hold.
  if (!isQuoted && !DOT_STRING.test(folded)) return undefined;
  const local = DOT_STRING.test(folded) ? folded : `"${folded.replace(/["\\]/g, '\\$&')}"`;
  return isWithinLocalOctets(local) ? local : undefined;
}

const isWithinLocalOctets = (local: string) => Buffer.byteLength(local) <= MAX_LOCAL_OCTETS;

/**
 * The domain in ASCII, or undefined. `url.domainToASCII` reads a host as browsers do: it takes `%61`, cuts at `/`, drops soft
 * hyphens, and makes 127.0.0.1 of 2130706433. Who registers an address whose domain is `example.com` only after that would hold
 * the canonical address of somebody there, while the mail goes where a mailer's own conversion leads. So each label must come
 * back as it was typed.
 */
function asciiDomain(typed: string): string | undefined {
  const labels = domainToASCII(typed).split('.');
  const lower = lowerCase(typed);
  const isSame = (typedLabel: string, index: number) => {
    const label = labels[index] ?? '';
    return label === typedLabel || domainToUnicode(label) === typedLabel;
  };
  const isSound = lower.split('.').every(isSame) && labels.every(isSoundLabel);
  const isNumber = /^\d+$/.test(labels.at(-1) ?? '');
  return isSound && !isNumber ? labels.join('.') : undefined;
}

/** By characters, where the whole text would fold otherwise: a final Σ is another letter than one in the middle. */
const lowerCase = (text: string): string =>
  ASCII.test(text)
    ? text.toLowerCase()
    : Array.from(text.normalize('NFC'), (character) => character.toLowerCase()).join('');

/** Letters, digits and hyphens; and what says that it is Punycode must decode, which newer versions of Node no longer ask. */
const isSoundLabel = (label: string) =>
  LABEL.test(label) && !(label.startsWith('xn--') && domainToUnicode(label) === label);
