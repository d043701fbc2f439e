import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPasswordTooLong, passwordLength } from '../../src/crypto/password-text.ts';
import { coresOf, repeatedPiece } from '../../src/users/password-patterns.ts';
import { PasswordPolicy } from '../../src/users/password-policy.ts';
import { isRun } from '../../src/users/password-runs.ts';
import { shortestTime } from '../support/shortest-time.ts';

const LISTED = new Set(['dragonfly', 'sunshine', 'trustno1']);
const policy = new PasswordPolicy({ minLength: 15 }, LISTED);
const reasonsFor = (password: string, names: string[] = [], address?: string) =>
  policy.judge(password, { names, address })?.reasons ?? [];

/** Any UTF-16 at all: null bytes and halves of surrogate pairs too. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.constant(0)), {
    maxLength: 80,
  })
  .map((units) => String.fromCharCode(...units));
const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

describe('the policy', () => {
  test('bears any text as password, name and address', () => {
    fc.assert(
      fc.property(anyText, fc.array(anyText, { maxLength: 4 }), anyText, (password, names, address) => {
        const refusal = policy.judge(password, { names, address });
        expect(refusal === undefined || refusal.reasons.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('says TOO_SHORT and TOO_LONG exactly by length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 320 }), (password) => {
        const isLong = isPasswordTooLong(password);
        expect(reasonsFor(password).includes('TOO_LONG')).toBe(isLong);
        expect(reasonsFor(password).includes('TOO_SHORT')).toBe(!isLong && passwordLength(password) < 15);
      }),
    );
  });

  test('finds a listed password in any case, with any few digits behind it', () => {
    const anyCase = (text: string) =>
      fc
        .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
        .map((upper) => [...text].map((letter, i) => (upper[i] ? letter.toUpperCase() : letter)).join(''));
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 7 });
    fc.assert(
      fc.property(fc.constantFrom(...LISTED).chain(anyCase), digits, (password, suffix) => {
        expect(reasonsFor(password + suffix)).toContain('COMMON');
      }),
    );
  });

  test('finds any name with any few digits behind it, and not without knowing the name', () => {
    const name = fc.string({ unit: fc.constantFrom(...'bdghkmprstvw'), minLength: 9, maxLength: 20 });
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 8 });
    fc.assert(
      fc.property(name, digits, (given, suffix) => {
        expect(reasonsFor(given + suffix, [given])).toContain('PERSONAL');
        expect(reasonsFor(given + suffix, ['Zoe'])).not.toContain('PERSONAL');
      }),
    );
  });

  test('judges what is repeated as the piece that it is made of', () => {
    fc.assert(
      fc.property(grapheme, fc.integer({ min: 2, max: 12 }), (piece, times) => {
        const password = piece.repeat(times);
        fc.pre(!isPasswordTooLong(password) && passwordLength(piece) < 15);
        expect(reasonsFor(password)).not.toEqual([]);
      }),
    );
  });

  test('takes any work in bounded time', async () => {
    for (const unit of ['\uFDFA', '\u2057', '1', '!', 'ab', '12', '🄰', '…1']) {
      const password = `${unit.repeat(255 / [...unit].length)}a`;
      const ms = await shortestTime(() => reasonsFor(password, ['Anna '.repeat(50)], 'a.b.c@example.com'));
      // A few milliseconds; the bound only tells a square from a line.
      expect(ms).toBeLessThan(500);
    }
  });
});

test('a repeated piece, repeated, is the text again', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', '🔑'), maxLength: 30 }), (text) => {
      const piece = repeatedPiece(text);
      if (piece === undefined) return;
      expect(piece.repeat(31).startsWith(text)).toBe(true);
      expect(piece.length * 2).toBeLessThanOrEqual(text.length);
      expect(repeatedPiece(piece)).toBeUndefined();
    }),
  );
});

test('a run is one from either end', () => {
  const text = fc.string({ unit: fc.constantFrom('abc', '4321', 'qwer', 'lkj', '000', 'a', '1'), maxLength: 6 });
  fc.assert(
    fc.property(text, (run) => expect(isRun([...run].reverse().join(''))).toBe(isRun(run))),
    { numRuns: 1_000 },
  );
});

// The bound keeps the false alarms of one judgement, many look-ups, below one in a million.
test('cores are parts of the text, 70 at most', () => {
  const anything = fc.string({ unit: fc.constantFrom(...'ab1!. é7#'), maxLength: 256 });
  const decorated = fc
    .tuple(fc.constantFrom('word', '1w!ord', '!1word', 'wo-rd'), fc.constantFrom('12', '1!', '1!!!', '7'))
    .map(([word, tail]) => word + tail.repeat(50));
  fc.assert(
    fc.property(fc.oneof(anything, decorated), (text) => {
      const squeezed = text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
      const cores = [...coresOf(text).keys()];
      expect(cores.every((core) => text.includes(core) || squeezed.includes(core))).toBe(true);
      expect(cores.length).toBeLessThanOrEqual(70);
    }),
  );
});
