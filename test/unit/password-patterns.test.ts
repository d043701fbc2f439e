import { describe, expect, test } from '@jest/globals';
import { coresOf, foldPassword, isDecoration, repeatedPiece } from '../../src/users/password-patterns.ts';
import { isRun } from '../../src/users/password-runs.ts';

describe('runs', () => {
  test.each([
    ['a row of keys', 'qwertyuiop'],
    ['a row from right to left', 'poiuytrewq'],
    ['several rows', 'qwertyasdfghzxcvbn'],
    ['rows there and back', 'asdfghjklkjhgfdsa'],
    ['columns', '1qaz2wsx3edc4rfv'],
    ['columns from below', 'zaq1xsw2cde3'],
    ['the digits with shift', '!@#$%^&*()'],
    ['a German keyboard', 'qwertzuiopü'],
    ['a French keyboard', 'azertyuiopqsdfghjklm'],
    ['a Russian keyboard', 'йцукенгшщзхъ'],
    ['the alphabet', 'abcdefghijklmno'],
    ['the alphabet backwards', 'zyxwvutsrqponml'],
    ['the Greek alphabet', 'αβγδεζηθικλμνξο'],
    ['digits', '123456789012345'],
    ['digits backwards', '543210987654321'],
    ['pieces of alphabet and digits', 'abc123def456ghi'],
    ['digits past nine', '890123'],
    ['the alphabet past z', 'yzabc'],
    ['one character', 'aaaaaaaaaaaaaaa'],
    ['several characters', '111222333444555'],
    ['letters and digits in turn', 'a1b2c3d4e5f6g7h8'],
    ['two rows in turn', '1q2w3e4r5t6y7u8i'],
    ['pairs', 'aabbccddeeffgghh'],
  ])('are told: %s', (_, text) => expect(isRun(text)).toBe(true));

  test.each([
    ['nothing', ''],
    ['two characters', 'ab'],
    ['words', 'correcthorsebatterystaple'],
    ['a run with a rest', 'qwertyuiopx'],
    ['a rest before a run', 'xqwertyuiop'],
    ['digits that only now and then follow each other', '234545673338025'],
    ['digits in many short stretches', '45643254321'],
    ['a run zipped with something else', 'a1b9c4d2e7f3'],
    ['a random text', 'xk2vq9wz7hfm4tb'],
  ])('are not told in %s', (_, text) => expect(isRun(text)).toBe(false));
});

describe('repetition', () => {
  test.each([
    ['abcabcabc', 'abc'],
    ['aaaa', 'a'],
    ['password password ', 'password '],
    ['abcabcab', 'abc'],
    ['🔑x🔑x', '🔑x'],
  ])('%s is one piece: %s', (text, piece) => expect(repeatedPiece(text)).toBe(piece));

  test.each(['', 'a', 'ab', 'abcabd', 'abcab', 'xabcabc', 'password password'])('%j is none', (text) => {
    expect(repeatedPiece(text)).toBeUndefined();
  });
});

describe('decoration', () => {
  test('is taken off in front, behind, and between', () => {
    for (const [decorated, core] of [
      ['monkey2009', 'monkey'],
      ['monkey2009!', 'monkey'],
      ['!!monkey', 'monkey'],
      ['123monkey123', 'monkey'],
      ['mon-key', 'monkey'],
      ['m o n k e y 9', 'monkey'],
      ['monkey1234567890123', 'monkey'],
      ['monkey!!!!!!!!!!!!', 'monkey'],
      ['monkey20192019201', 'monkey'],
      [`monkey${'7'.repeat(100)}`, 'monkey'],
      ['qwe123rty456', 'qwe123rty'],
      ['qwe123rty456', 'qwe123rty4'],
    ]) {
      expect([...coresOf(decorated ?? '').keys()]).toContain(core);
    }
  });

  test('is no decoration when there is more of it than a word needs', () => {
    expect([...coresOf('monkey739105264').keys()]).not.toContain('monkey');
    expect([...coresOf('m?o!n$k%e&y').keys()]).not.toContain('monkey');
    expect([...coresOf('739102monkey5').keys()]).toContain('monkey');
    expect([...coresOf('739102monkey526').keys()]).not.toContain('monkey');
  });

  test('counts by effort: a pattern is worth less than its length', () => {
    expect(coresOf('monkey1234567').get('monkey')).toBe(2);
    expect(coresOf('monkey7391').get('monkey')).toBe(4);
    expect(coresOf('monkey7391').get('monkey7391')).toBe(0);
  });

  test('leaves no core of less than four characters', () => {
    expect([...coresOf('cat2019').keys()]).not.toContain('cat');
  });

  test('behind a number is little, since most random numbers begin with a listed one', () => {
    expect([...coresOf('194506021987').keys()]).toContain('19450602');
    expect([...coresOf('1945060219876').keys()]).not.toContain('19450602');
    expect([...coresOf('19450602').keys()]).toEqual(['19450602']);
    expect([...coresOf('194506!!').keys()]).toContain('194506');
  });

  test('beside a word is a few letters or signs, not a secret', () => {
    for (const little of ['', '1985', 'xy', 'ab1!', '01011990', '!!!!!!!!!!!!'])
      expect(isDecoration(little)).toBe(true);
    for (const much of ['abcd', '739105264', 'x7k2m9p4q']) expect(isDecoration(much)).toBe(false);
  });
});

test('folding makes one of width, ligature and case', () => {
  expect(foldPassword('ＰａssＷord ﬁ')).toBe('password fi');
});
