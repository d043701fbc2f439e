import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Lexer, Source, TokenKind } from 'graphql';
import { hasMoreTokens } from '../../src/limits/token-count.ts';
import { shortestTime } from '../support/shortest-time.ts';

/** Texts of tokens, of what stands between them, and of what is neither. */
const PIECES = [
  ...['{', '}', '(', ')', '[', ']', ':', '=', '!', '$', '&', '@', '|', '...', '..', '.'],
  ...['me', '_', 'a1', 'É', '0', '-1', '12', '1.5', '-0.5e-10', '1E5', '00', '1.', '-', '1a', '1-2'],
  ...['""', '"a b"', '"{ me }"', '"\\""', '"\\\\"', '"\\u0041"', '"\\q"', '"open', '"#"', '\\'],
  ...['""""""', '"""{ me }"""', '"""a\n"b" # c"""', '"""\\""""""', '"""\\\\"""', '"""a\\"""b"""', '"""open', '"""""""'],
  ...['# me { } "\n', '#\r', '#\r\n', '# the last', ' ', ',', '\t', '\n', '\r\n', '\uFEFF', '\u00a0', '?', '\u2028'],
];
const text = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
    ),
  )
  .map((pieces) => pieces.join(''));

/** By graphql-js; undefined where the text has a token that is none. */
function countByLexer(source: string): number | undefined {
  const lexer = new Lexer(new Source(source));
  try {
    for (let count = 0; ; count += 1) if (lexer.advance().kind === TokenKind.EOF) return count;
  } catch {
    return undefined;
  }
}

test('tokens are counted as graphql-js counts them, whatever the text', () => {
  fc.assert(
    fc.property(text, (source) => {
      const count = countByLexer(source);
      if (count === undefined) return;
      expect(hasMoreTokens(source, count)).toBe(false);
      if (count > 0) expect(hasMoreTokens(source, count - 1)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});

test('no text holds it up: what does not end is read once', async () => {
  for (const piece of ['"', '"""', '"\\', '#', '-', '1.', '1e', '"""\\"""', 'a"']) {
    const text = piece.repeat(100_000);
    // A few milliseconds; once for each of its characters would be minutes.
    expect(await shortestTime(() => hasMoreTokens(text, 1_000_000))).toBeLessThan(2_000);
  }
});
