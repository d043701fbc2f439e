import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { commitTo, isCommittedTo } from '../../../src/audit/commitment.ts';
import { CountedRandom } from '../../support/counted-random.ts';

const ORIGIN = { ip: '192.0.2.7', userAgent: 'Firefox' };

describe('a commitment to a personal value', () => {
  test('is SHA-256 over 32 random bytes and the canonical value', () => {
    const { committed, commitment } = commitTo(ORIGIN, new CountedRandom());
    const salt = Buffer.from(committed.salt, 'base64url');
    expect(salt).toHaveLength(32);
    const text = '{"ip":"192.0.2.7","userAgent":"Firefox"}';
    expect(commitment).toEqual(createHash('sha256').update(salt).update(text).digest());
  });

  test('differs for the same value, so that nobody can look for equal ones', () => {
    const random = new CountedRandom();
    expect(commitTo(ORIGIN, random).commitment).not.toEqual(commitTo(ORIGIN, random).commitment);
  });

  test('leaves none of its random bytes in the pool that they were drawn from', () => {
    const pool = randomBytes(4_096);
    const { committed } = commitTo(ORIGIN, { bytes: () => pool });
    expect(pool.includes(Buffer.from(committed.salt, 'base64url'))).toBe(false);
  });

  test('holds for the value with its bytes, and for no other', () => {
    const { committed, commitment } = commitTo(ORIGIN, new CountedRandom());
    expect(isCommittedTo(commitment, committed)).toBe(true);
    expect(isCommittedTo(commitment, { ...committed, value: { ...ORIGIN, ip: '192.0.2.8' } })).toBe(false);
    expect(isCommittedTo(commitment, { ...committed, salt: Buffer.alloc(32).toString('base64url') })).toBe(false);
    expect(isCommittedTo(commitment.subarray(1), committed)).toBe(false);
  });

  test('does not hold where a byte of the value was moved into the random bytes', () => {
    const { committed, commitment } = commitTo(12, new CountedRandom());
    const longer = Buffer.concat([Buffer.from(committed.salt, 'base64url'), Buffer.from('1')]);
    expect(isCommittedTo(commitment, { salt: longer.toString('base64url'), value: 2 })).toBe(false);
  });
});
