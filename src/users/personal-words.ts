import { domainToUnicode } from 'node:url';
import { foldPassword } from './password-patterns.ts';

/** What is known of the person whose password it will be. */
export interface AboutPerson {
  /** Canonical address. */
  readonly address?: string | undefined;
  /** Given, family and display name; those that they have. */
  readonly names: readonly string[];
}

/** Of one letter there is a word in any password. */
const MIN_WORD = 2;

/** Folded, and without accents: who is called José writes jose. */
export function foldPersonal(text: string): string {
  return foldPassword(text)
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .normalize('NFC');
}

/**
 * What a stranger would try for this person: address, local part and domain, their parts, the names, each of their words, and
 * these joined in either order.
 */
export function personalWords({ address = '', names }: AboutPerson): readonly string[] {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const domain = address.slice(at + 1);
  const whole = [
    address,
    local,
    domain,
    domainToUnicode(domain),
    ...names,
    names.join(''),
    names.toReversed().join(''),
  ];
  const words = whole.flatMap((text) => {
    const folded = foldPersonal(text).trim();
    const parts = folded.split(/[^\p{L}\p{N}]+/u);
    return [folded, parts.join(''), ...parts, ...parts.flatMap((part) => part.split(/\p{N}+/u))];
  });
  return [...new Set(words)].filter((word) => [...word].length >= MIN_WORD);
}

/** What is left of a folded text when `words` are taken out of it, longest first; undefined when it has none of them. */
export function withoutWords(text: string, words: readonly string[]): string | undefined {
  let rest = text;
  for (const word of words.toSorted((a, b) => b.length - a.length)) rest = rest.replaceAll(word, ' ');
  return rest === text ? undefined : rest.replace(/\s+/gu, '');
}
