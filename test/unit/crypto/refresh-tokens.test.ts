import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { formatRefreshToken, isMacOf, parseRefreshToken } from '../../../src/crypto/refresh-tokens.ts';
import type { SessionId } from '../../../src/platform/ids.ts';

const session = '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee' as SessionId;
const other = '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeef' as SessionId;
const key = Buffer.alloc(32, 3);
const text = formatRefreshToken(key, session, 41);

function parsed(token: string) {
  const found = parseRefreshToken(token);
  if (!found) throw new Error('Not a refresh token');
  return found;
}

describe('a refresh token', () => {
  test('is session, generation and MAC: derived, so the same each time', () => {
    const message = Buffer.from(`\0\0\0\rrefresh-token\0\0\0\x24${session}\0\0\0\x0241`);
    const mac = createHmac('sha256', key).update(message).digest();
    expect(text).toBe(`${session}.41.${mac.toString('base64url')}`);
    expect(parsed(text)).toEqual({ sessionId: session, generation: 41, mac });
    expect(formatRefreshToken(key, session, 41)).toBe(text);
  });

  test('has the MAC of its session, its generation and its key, and of no other', () => {
    expect(isMacOf(key, parsed(text))).toBe(true);
    expect(isMacOf(Buffer.alloc(32, 4), parsed(text))).toBe(false);
    expect(isMacOf(key, { ...parsed(text), generation: 42 })).toBe(false);
    expect(isMacOf(key, { ...parsed(text), sessionId: other })).toBe(false);
    expect(isMacOf(key, { ...parsed(text), mac: Buffer.alloc(32) })).toBe(false);
    expect(isMacOf(key, { ...parsed(text), mac: Buffer.alloc(0) })).toBe(false);
  });

  test('tells nothing of the one before or after it', () => {
    const macs = [40, 41, 42].map((generation) => formatRefreshToken(key, session, generation).split('.')[2]);
    expect(new Set(macs).size).toBe(3);
  });

  test.each([0, 9, 10, 2_147_483_647])('of generation %d reads back', (generation) => {
    expect(parsed(formatRefreshToken(key, session, generation)).generation).toBe(generation);
  });

  test.each(['041', '+41', '-1', '4.1', '4e1', '', ' 41', '2147483648', '99999999999', '٤١', '0x29'])(
    'whose generation is written %p is none',
    (generation) => {
      expect(parseRefreshToken(text.replace('.41.', `.${generation}.`))).toBeUndefined();
    },
  );

  test('has one spelling: anything else is none', () => {
    const spareBits = formatRefreshToken(key, session, 0).slice(0, -1);
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
      (end) => spareBits + end,
    );
    // 43 characters spell 258 bits: of 64 last characters, 16 leave the spare two zero.
    expect(spellings.filter((spelling) => parseRefreshToken(spelling))).toHaveLength(16);
    const others = [
      text.toUpperCase(),
      `${text}=`,
      `${text}\n`,
      ` ${text}`,
      `${text}.`,
      text.slice(1),
      text.slice(0, -1),
    ];
    others.push('', '..', text.replaceAll('-', ''), 'a'.repeat(1_000_000), text.replace(session, `${'-'.repeat(36)}`));
    for (const spelling of others) expect(parseRefreshToken(spelling)).toBeUndefined();
  });
});
