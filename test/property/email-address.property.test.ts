import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalAddress, parseEmailAddress } from '../../src/platform/email-address.ts';

/** Texts that look like addresses, with characters among them that fold, vanish, split or end a text. */
const plain = fc.constantFrom(...'abxyzAXZ09-');
const odd = fc.constantFrom(...'._-+@"\\ %/#?:[]\0\n\u00ad\u200b\u202e＠．。ｅℓ…´ßẞİıſKΣςé\u0301üﬁﷺ用❤\ud83d');
const mostlyPlain = fc.string({
  unit: fc.oneof({ weight: 12, arbitrary: plain }, odd, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  minLength: 1,
  maxLength: 10,
});
const local = fc.oneof(
  mostlyPlain,
  mostlyPlain.map((content) => `"${content}"`),
);
const domain = fc
  .tuple(mostlyPlain, fc.constantFrom('.example', '.Bücher', '.ΒΌΛΟΣ', '.com', ''))
  .map((labels) => labels.join(''));
const address = fc.tuple(local, domain).map((parts) => parts.join('@'));

test('whatever is typed: no address, or one whose forms agree with each other', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: address }, fc.string({ unit: 'binary' })), (typed) => {
      const parsed = parseEmailAddress(typed);
      if (parsed === undefined) return;
      taken++;
      const { text, canonical, delivery } = parsed;
      // The canonical form is an address, and its own canonical form: else one mailbox had two accounts.
      expect(parseEmailAddress(canonical)?.canonical).toBe(canonical);
      // The mail goes to the mailbox that the account is found by.
      expect(canonicalAddress(delivery)).toBe(canonical);
      expect(canonicalAddress(text)).toBe(canonical);
      expect(text).toBe(typed.trim());
      for (const form of [text, canonical, delivery]) expect(form).not.toMatch(/[\p{Cc}\p{Surrogate}\u2028\u2029]/u);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(254);
      expect(Buffer.byteLength(canonical)).toBeLessThanOrEqual(254);
      expect(canonical.slice(canonical.lastIndexOf('@') + 1)).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/);
    }),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(200);
});

test('case and composition of letters make no other account', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abcxyzéüßñåж'), minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(letters, letters, (local, label) => {
      const canonical = canonicalAddress(`${local}@${label}.example`);
      // Not ß: it has no upper case that every Unicode version maps back.
      const upper = `${local}@${label}.example`.replace(/[^ß]/g, (letter) => letter.toUpperCase());
      for (const spelling of [upper, upper.normalize('NFD'), ` ${upper} `]) {
        expect(canonicalAddress(spelling)).toBe(canonical);
      }
    }),
  );
});
