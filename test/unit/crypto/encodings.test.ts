import { describe, expect, test } from '@jest/globals';
import { parseBase64url } from '../../../src/crypto/base64url.ts';
import { lengthPrefixed } from '../../../src/crypto/length-prefixed.ts';

describe('length-prefixed fields', () => {
  test.each([0, 1, 35, 247, 248, 249, 252, 253, 300])(
    'a field of %i characters is written as any other, ASCII to its end or not, and so are as many bytes',
    (length) => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(length, 4);
      const ascii = 'a'.repeat(length);
      expect(lengthPrefixed('', ascii)).toEqual(Buffer.concat([head, Buffer.from(ascii)]));
      expect(lengthPrefixed('', Buffer.alloc(length, 0xff))).toEqual(Buffer.concat([head, Buffer.alloc(length, 0xff)]));
      head.writeUInt32BE(length + 2, 4);
      expect(lengthPrefixed('', `${ascii}\x80`)).toEqual(Buffer.concat([head, Buffer.from(`${ascii}\x80`)]));
    },
  );

  test('each field stands behind its length in four bytes, in bytes and not in characters', () => {
    expect(lengthPrefixed('ab', Buffer.of(1), 'ü', '').toString('hex')).toBe(
      ['00000002', '6162', '00000001', '01', '00000002', 'c3bc', '00000000'].join(''),
    );
    expect(lengthPrefixed()).toHaveLength(0);
  });

  test('the border between two fields counts', () => {
    expect(lengthPrefixed('ab', 'c')).not.toEqual(lengthPrefixed('a', 'bc'));
    expect(lengthPrefixed('abc')).not.toEqual(lengthPrefixed('abc', ''));
  });

  test('a lone surrogate is refused, a pair is not', () => {
    expect(() => lengthPrefixed('a\ud800')).toThrow(TypeError);
    expect(lengthPrefixed('😀')).toHaveLength(8);
  });
});

describe('base64url', () => {
  test.each(['', 'AA', 'AAE', '-_8', 'AAAA'])('%p is canonical', (text) => {
    expect(parseBase64url(text)?.toString('base64url')).toBe(text);
  });

  test.each([
    ['padding', 'AA=='],
    ['the other alphabet', '+/8'],
    ['a space', 'AA AA'],
    ['a line break at the end', 'AAAA\n'],
    ['a foreign character', 'AA!A'],
    ['spare bits that are not zero', 'AB'],
    ['a lone last character', 'AAAAA'],
  ])('%s is refused', (_what, text) => {
    expect(parseBase64url(text)).toBeUndefined();
  });
});
