import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CanonicalValue, canonicalJson } from '../../../src/audit/canonical-json.ts';

describe('canonical JSON (RFC 8785)', () => {
  test('sorts names by UTF-16 code units, as the example of §3.2.3 does', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '😀': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      ö: 'Latin Small Letter O With Diaeresis',
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  test('writes strings as §3.2.2.2 says', () => {
    expect(canonicalJson('€$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  test('writes literals and whole numbers, and −0 as 0', () => {
    expect(canonicalJson([null, true, false, 0, -0, -7, Number.MAX_SAFE_INTEGER])).toBe(
      '[null,true,false,0,0,-7,9007199254740991]',
    );
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the number %p', (number) => {
    expect(() => canonicalJson({ number })).toThrow(TypeError);
  });

  test('refuses half a character, in a value and in a name', () => {
    expect(() => canonicalJson('\ud800')).toThrow(TypeError);
    expect(() => canonicalJson({ '\udc00': 1 })).toThrow(TypeError);
  });

  test('refuses what JSON would leave out', () => {
    expect(() => canonicalJson({ a: undefined } as unknown as CanonicalValue)).toThrow(TypeError);
    expect(() => canonicalJson((() => 1) as unknown as CanonicalValue)).toThrow(TypeError);
  });

  test('is the same for any order of names, and JSON that reads back the same', () => {
    const value = fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.oneof(fc.maxSafeInteger(), fc.boolean(), fc.string()),
    );
    fc.assert(
      fc.property(value, (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        const text = canonicalJson(object);
        expect(canonicalJson(reversed)).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
