import { describe, expect, test } from '@jest/globals';
import { argon2id, hash } from 'argon2';
import {
  argon2idDecoy,
  hashArgon2id,
  isArgon2id,
  isCurrentArgon2id,
  parseHashParameters,
  verifyArgon2id,
} from '../../../src/crypto/argon2id.ts';

const SMALL = { memoryKib: 64, passes: 2, parallelism: 1 };
const SALT = Buffer.alloc(16, 7);

describe('the argon2 package', () => {
  test('gives the tag of RFC 9106 §5.3 for argon2id, with secret and associated data', async () => {
    const tag = await hash(Buffer.alloc(32, 1), {
      raw: true,
      type: argon2id,
      version: 0x13,
      salt: Buffer.alloc(16, 2),
      secret: Buffer.alloc(8, 3),
      associatedData: Buffer.alloc(12, 4),
      timeCost: 3,
      memoryCost: 32,
      parallelism: 4,
      hashLength: 32,
    });
    expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
  });
});

describe('argon2id strings', () => {
  test('give the tag of the reference implementation for its own test', async () => {
    const encoded = await hashArgon2id('password', Buffer.from('somesalt'), {
      memoryKib: 65_536,
      passes: 2,
      parallelism: 1,
    });
    expect(encoded).toMatch(/^\$argon2id\$v=19\$m=65536,t=2,p=1\$c29tZXNhbHQ\$/);
    const tag = Buffer.from(encoded.split('$')[5] ?? '', 'base64');
    expect(tag.toString('hex')).toBe('09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7');
  });

  test('open with their password, and with no other', async () => {
    const encoded = await hashArgon2id('a password of mine', SALT, SMALL);
    await expect(verifyArgon2id(encoded, 'a password of mine')).resolves.toBe(true);
    await expect(verifyArgon2id(encoded, 'a password of mine ')).resolves.toBe(false);
    await expect(verifyArgon2id(encoded, 'A password of mine')).resolves.toBe(false);
  });

  test('tell null bytes and long tails apart: nothing is cut', async () => {
    const encoded = await hashArgon2id(`${'x'.repeat(127)}\0y`, SALT, SMALL);
    await expect(verifyArgon2id(encoded, `${'x'.repeat(127)}\0y`)).resolves.toBe(true);
    await expect(verifyArgon2id(encoded, `${'x'.repeat(127)}\0z`)).resolves.toBe(false);
    await expect(verifyArgon2id(encoded, 'x'.repeat(127))).resolves.toBe(false);
  });

  test('are current with exactly the parameters they were made with', async () => {
    const encoded = await hashArgon2id('text', SALT, SMALL);
    expect(isCurrentArgon2id(encoded, SMALL)).toBe(true);
    expect(isCurrentArgon2id(encoded, { ...SMALL, memoryKib: 128 })).toBe(false);
    expect(isCurrentArgon2id(encoded, { ...SMALL, memoryKib: 32 })).toBe(false);
    expect(isCurrentArgon2id(encoded, { ...SMALL, passes: 3 })).toBe(false);
    expect(isCurrentArgon2id(encoded, { ...SMALL, parallelism: 2 })).toBe(false);
    expect(isCurrentArgon2id(encoded.replace('v=19', 'v=16'), SMALL)).toBe(false);
  });

  test('are not current with a short salt or hash', async () => {
    const shortSalt = await hashArgon2id('text', Buffer.alloc(8, 7), SMALL);
    const shortHash = await hash('text', { memoryCost: 64, timeCost: 2, parallelism: 1, hashLength: 16, salt: SALT });
    expect(isArgon2id(shortSalt) && isArgon2id(shortHash)).toBe(true);
    expect(isCurrentArgon2id(shortSalt, SMALL)).toBe(false);
    expect(isCurrentArgon2id(shortHash, SMALL)).toBe(false);
  });

  test('are told from everything else', async () => {
    const encoded = await hashArgon2id('text', SALT, SMALL);
    expect(isArgon2id(encoded)).toBe(true);
    for (const other of [
      '',
      'text',
      encoded.slice(1),
      encoded.replace('argon2id', 'argon2i'),
      `${encoded}$`,
      `${encoded}\n`,
    ]) {
      expect(isArgon2id(other)).toBe(false);
      expect(isCurrentArgon2id(other, SMALL)).toBe(false);
    }
  });

  test('spell their parameters as the users table keeps them', () => {
    expect(parseHashParameters('m=19456,t=2,p=1')).toEqual({ memoryKib: 19_456, passes: 2, parallelism: 1 });
    for (const other of ['', 'm=19456,t=2', 't=2,m=19456,p=1', 'm=19456,t=2,p=1,data=x', 'm=-1,t=2,p=1']) {
      expect(parseHashParameters(other)).toBeUndefined();
    }
  });

  test('have decoys of the same form that cost the same', async () => {
    const decoy = argon2idDecoy(Buffer.alloc(48, 9), SMALL);
    expect(isCurrentArgon2id(decoy, SMALL)).toBe(true);
    await expect(verifyArgon2id(decoy, 'text')).resolves.toBe(false);
  });
});
