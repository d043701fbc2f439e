import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommonPasswords } from '../../src/users/common-passwords.ts';
import { COMMON_PASSWORDS_PATH, isMade, makeCommonPasswords } from '../../src/users/make-common-passwords.mjs';
import { PasswordPolicy } from '../../src/users/password-policy.ts';
import { shippedCommonPasswords } from '../support/common-passwords.ts';

let folder = '';
let shipped: CommonPasswords;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'common-passwords-'));
  shipped = await shippedCommonPasswords();
});
afterAll(() => rm(folder, { recursive: true }));

describe('the shipped list', () => {
  test('holds at least 400,000 passwords in at most 2 MB', async () => {
    expect(shipped.count).toBeGreaterThanOrEqual(400_000);
    expect(shipped.size).toBeLessThanOrEqual(2_000_000);
    await expect(readFile(COMMON_PASSWORDS_PATH)).resolves.toHaveLength(shipped.size);
  });

  test('takes no more memory than that when it is read', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const list = await CommonPasswords.read(COMMON_PASSWORDS_PATH);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_100_000);
    expect(list.has('password')).toBe(true);
  });

  test('knows common passwords, folded, and no others', () => {
    for (const listed of ['password', 'iloveyou', 'dragon', 'trustno1', 'p@ssw0rd'])
      expect(shipped.has(listed)).toBe(true);
    for (const other of ['Password', 'password ', 'correct horse battery staple', ''])
      expect(shipped.has(other)).toBe(false);
  });

  test('is made the same from the same list, byte by byte, and leaves nothing else behind', async () => {
    const out = join(folder, 'made', 'list.bin');
    await expect(makeCommonPasswords({ out })).resolves.toBe(true);
    const [made, expected] = await Promise.all([readFile(out), readFile(COMMON_PASSWORDS_PATH)]);
    expect(made.equals(expected)).toBe(true);
    // Pinned: another list, another folding or another format is a decision (docs/decisions/common-passwords.md).
    const digest = createHash('sha256').update(made).digest('hex');
    expect(digest).toBe('19eb5b47540843e413069ef9509a99c19fb8a21d69130a308ab90373f5ce0038');
    await expect(readdir(join(folder, 'made'))).resolves.toEqual(['list.bin']);

    // Fresh: nothing to do. Older than what it is made from: to be made again.
    await expect(makeCommonPasswords({ out })).resolves.toBe(false);
    await utimes(out, 0, 0);
    await expect(isMade(out)).resolves.toBe(false);
  });
});

describe('reading a list', () => {
  test('says how to make it where there is none', async () => {
    await expect(CommonPasswords.read(join(folder, 'nothing.bin'))).rejects.toThrow(/missing.*npm run build/);
  });

  test('refuses what is no list, of another version, or cut off', async () => {
    const bytes = await readFile(COMMON_PASSWORDS_PATH);
    const otherVersion = Buffer.from(bytes);
    otherVersion[4] = 2;
    const other = join(folder, 'other.bin');
    for (const wrong of [Buffer.alloc(0), Buffer.from('password\n'), Buffer.alloc(5_000), otherVersion]) {
      await writeFile(other, wrong);
      await expect(CommonPasswords.read(other)).rejects.toThrow('no list of common passwords');
    }
    expect(() => new CommonPasswords(bytes.subarray(0, -1))).toThrow('cut off');
    expect(() => new CommonPasswords(bytes.subarray(0, 17))).toThrow('cut off');
  });
});

describe('the policy with the shipped list', () => {
  const ADA = { address: 'ada.lovelace@example.com', names: ['Ada Lovelace', 'Ada', 'Lovelace'] };
  const reasonsFor = (password: string) => new PasswordPolicy({ minLength: 15 }, shipped).judge(password, ADA)?.reasons;

  test.each([
    ['Password12345678', ['COMMON']],
    ['PASSWORD!!!!!!!!', ['COMMON']],
    ['passwordpassword', ['COMMON']],
    ['P a s s w o r d 2 0 2 4', ['COMMON']],
    ['Sommer2024Sommer2024', ['COMMON']],
    ['qwertzuiopasdfgh', ['COMMON']],
    ['abcdefghijklmnop', ['COMMON']],
    ['密码密码密码密码密码密码密码密码', ['COMMON']],
    ['\0'.repeat(20), ['COMMON']],
    ['\uD800'.repeat(20), ['COMMON']],
    ['ada.lovelace@example.com', ['PERSONAL']],
    ['AdaLovelace1815!!', ['PERSONAL']],
    ['lovelace_baseball', ['PERSONAL']],
    ['Dragon2024', ['TOO_SHORT', 'COMMON']],
    ['\uD800 a\0b', ['TOO_SHORT']],
  ])('refuses %j', (password, reasons) => expect(reasonsFor(password)).toEqual(reasons));

  test.each([
    'correct horse battery staple',
    'the quick brown fox jumps',
    '我的猫喜欢在月光下跳舞唱歌吃鱼',
    '🐴🔋📎🌧🎻🚲🍋🧦🪁🛶🎲🔭🥁🧊🦉',
    'baseball in the rain',
    'lone \uD800 surrogate here',
    'null \0 byte inside it',
  ])('takes %j', (password) => expect(reasonsFor(password)).toBeUndefined());
});
