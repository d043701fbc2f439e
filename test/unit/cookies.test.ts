import { describe, expect, test } from '@jest/globals';
import { makeCookies } from '../../src/http/cookies.ts';

const secure = makeCookies('https://accounts.example');
const plain = makeCookies('http://localhost:4000');

describe('a cookie that is set', () => {
  test('on https belongs to this host alone and never leaves TLS (v5.0.0-3.3.1 to 3.3.4)', () => {
    expect(secure.set('refresh', 'a.1.b_c-d', 60)).toBe(
      '__Host-refresh=a.1.b_c-d; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure',
    );
    expect(secure.clear('refresh')).toBe('__Host-refresh=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure');
  });

  test('on loopback http has its bare name, and the rest', () => {
    expect(plain.set('refresh', 'a', 60)).toBe('refresh=a; Max-Age=60; Path=/; HttpOnly; SameSite=Strict');
    expect(plain.clear('refresh')).toBe('refresh=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
  });

  test.each(['', 'a b', 'a;b', 'a,b', 'a"', 'a\r\nSet-Cookie: x=y', 'ä', 'a=b', 'a'.repeat(4_090)])(
    'cannot hold %j',
    (value) => {
      expect(() => secure.set('refresh', value, 60)).toThrow(TypeError);
    },
  );

  test('is at most as long as browsers keep (v5.0.0-3.3.5)', () => {
    const longest = 'a'.repeat(4_096 - '__Host-refresh='.length);
    expect(secure.set('refresh', longest, 60)).toContain(longest);
    expect(() => secure.set('refresh', `${longest}a`, 60)).toThrow(TypeError);
  });
});

describe('a cookie that is read', () => {
  test.each([
    ['__Host-refresh=a', 'a'],
    ['x=1; __Host-refresh=a; y=2', 'a'],
    ['x=1;__Host-refresh=a', 'a'],
    ['__Host-refresh=a=b', 'a=b'],
    ['refresh=a', undefined],
    ['__Host-refresh2=a', undefined],
    ['x__Host-refresh=a', undefined],
    ['__host-refresh=a', undefined],
    ['x="__Host-refresh=a"', undefined],
    ['__Host-refresh=', undefined],
    ['__Host-refresh', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('from %j is %j', (header, expected) => {
    expect(secure.find(header, 'refresh')).toBe(expected);
  });

  test.each([
    '__Host-refresh=a; __Host-refresh=b',
    '__Host-refresh=a; __Host-refresh=a',
    '__Host-refresh=; __Host-refresh=a',
  ])('is none where it stands twice: %s', (header) => {
    expect(secure.find(header, 'refresh')).toBeUndefined();
  });

  test('on http has no prefix, so a planted prefixed one is another cookie', () => {
    expect(plain.find('refresh=a; __Host-refresh=b', 'refresh')).toBe('a');
  });
});
