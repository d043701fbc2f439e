import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isTokenHash, newToken, parseToken, tokenHash } from '../../../src/crypto/one-time-tokens.ts';
import type { UserId } from '../../../src/platform/ids.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const id = '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee';
const ada = '0190aaaa-0000-7000-8000-00000000000a' as UserId;
const bob = '0190aaaa-0000-7000-8000-00000000000b' as UserId;
const keyring = keyringOf();

describe('the text of a token', () => {
  test('is the id of its row and 256 random bits, safe in a URL, and reads back', () => {
    const { text, secret } = newToken(id, systemRandom);
    expect(text).toMatch(/^AZCqqru7fMyN3e7u7u7u7g\.[\w-]{43}$/);
    expect(secret).toHaveLength(32);
    expect(parseToken(text)).toEqual({ id, secret });
  });

  test('is never the same twice (ASVS v5.0.0-11.5.1)', () => {
    const texts = Array.from({ length: 1000 }, () => newToken(id, systemRandom).text);
    expect(new Set(texts).size).toBe(1000);
  });

  test('has one spelling: anything else is no token', () => {
    const { text } = newToken(id, { bytes: (size) => Buffer.alloc(size) });
    expect(parseToken(text)).toBeDefined();
    const others = [
      '',
      '.',
      id,
      `${text}A`,
      `${text}\n`,
      ` ${text}`,
      `${text}=`,
      text.slice(0, -1),
      text.replace('.', ''),
    ];
    // The last character of each part has spare bits.
    others.push(`${text.slice(0, -1)}B`, text.replace('g.', 'h.'), `${text}.${text}`, 'A'.repeat(1_000_000));
    for (const other of others) expect(parseToken(other)).toBeUndefined();
  });
});

describe('the stored hash', () => {
  const secret = Buffer.alloc(32, 5);
  const hash = tokenHash(keyring, 'VERIFY_EMAIL', ada, secret);

  test('is an HMAC over purpose, person and secret, each behind its length', () => {
    const message = Buffer.concat([
      Buffer.from('\0\0\0\x0cVERIFY_EMAIL\0\0\0\x24'),
      Buffer.from(ada),
      Buffer.from([0, 0, 0, 32]),
      secret,
    ]);
    expect(hash).toEqual(createHmac('sha256', keyring.subkey('one-time-token')).update(message).digest());
  });

  test('is that of this token alone, and the token counts for its person and purpose alone (ASVS v5.0.0-6.6.2)', () => {
    expect(isTokenHash(keyring, hash, 'VERIFY_EMAIL', ada, secret)).toBe(true);
    expect(isTokenHash(keyring, hash, 'RESET_PASSWORD', ada, secret)).toBe(false);
    expect(isTokenHash(keyring, hash, 'VERIFY_EMAIL', bob, secret)).toBe(false);
    expect(isTokenHash(keyring, hash, 'VERIFY_EMAIL', ada, Buffer.alloc(32, 6))).toBe(false);
    expect(isTokenHash(keyringOf('other'), hash, 'VERIFY_EMAIL', ada, secret)).toBe(false);
  });

  test('of another length is no match, and no error', () => {
    expect(isTokenHash(keyring, hash.subarray(1), 'VERIFY_EMAIL', ada, secret)).toBe(false);
    expect(isTokenHash(keyring, Buffer.alloc(0), 'VERIFY_EMAIL', ada, secret)).toBe(false);
  });

  test('outlives a rotation of the system key, for as long as the old one is held', () => {
    const both = rotated('system', 's2');
    expect(tokenHash(both, 'VERIFY_EMAIL', ada, secret)).not.toEqual(hash);
    expect(isTokenHash(both, hash, 'VERIFY_EMAIL', ada, secret)).toBe(true);
    const newOnly = rotated('system', 's2', { keepsOld: false });
    expect(isTokenHash(newOnly, hash, 'VERIFY_EMAIL', ada, secret)).toBe(false);
  });
});
