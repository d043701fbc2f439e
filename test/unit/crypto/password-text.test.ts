import { describe, expect, test } from '@jest/globals';
import {
  isPasswordTooLong,
  isWellFormedPassword,
  normalisePassword,
  passwordLength,
} from '../../../src/crypto/password-text.ts';

describe('the text of a password', () => {
  test('is the same however it was typed, and keeps case and spaces', () => {
    expect(normalisePassword('Ange\u0301line')).toBe(normalisePassword('Angéline'));
    expect(normalisePassword('ﬁsh')).toBe('fish');
    expect(normalisePassword(' A b ')).toBe(' A b ');
  });

  test('may have 256 code points, whatever their size, and not one more', () => {
    for (const point of ['a', 'é', '語', '🔑']) {
      expect(isPasswordTooLong(point.repeat(256))).toBe(false);
      expect(isPasswordTooLong(point.repeat(257))).toBe(true);
    }
    expect(isPasswordTooLong('a'.repeat(50_000_000))).toBe(true);
  });

  test('is measured before NFKC where that makes it longer, so that six ligatures are no long password', () => {
    expect(normalisePassword('\uFDFA')).toHaveLength(18);
    expect(passwordLength('\uFDFA'.repeat(6))).toBe(6);
    expect(isPasswordTooLong('\uFDFA'.repeat(256))).toBe(false);
  });

  test('is measured after NFKC where that makes it shorter, so that combining marks do not count', () => {
    expect(passwordLength('e\u0301'.repeat(8))).toBe(8);
    expect(passwordLength('🔑'.repeat(8))).toBe(8);
  });

  test('is well formed unless half a surrogate pair is left', () => {
    expect(isWellFormedPassword('🔑 with \0 inside')).toBe(true);
    expect(isWellFormedPassword('half \uD83D of one')).toBe(false);
    expect(isWellFormedPassword('half \uDD11 of one')).toBe(false);
  });
});
