import { describe, expect, test } from '@jest/globals';
import { DataKeys, type WrappedDataKey } from '../../../src/crypto/data-keys.ts';
import { unwrapDayKey, wrapDayKey } from '../../../src/crypto/day-keys.ts';
import { KeyMissing, type SealingKey } from '../../../src/crypto/keyring.ts';
import { lengthPrefixed } from '../../../src/crypto/length-prefixed.ts';
import { open, SealBroken, seal } from '../../../src/crypto/sealed.ts';
import { openBox } from '../../../src/crypto/sealed-box.ts';
import type { DataKeyId, DayKeyId, UserId } from '../../../src/platform/ids.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { ManualClock } from '../../support/clock.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const ada = '0190aaaa-0000-7000-8000-00000000000a' as UserId;
const bob = '0190aaaa-0000-7000-8000-00000000000b' as UserId;
const keyring = keyringOf();
const makeKeys = (clock = new ManualClock(), ring = keyring) => new DataKeys(ring, clock, systemRandom);
const secretOf = (key: SealingKey) => key.secret.export().toString('hex');
const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)));

describe('a data key', () => {
  test('comes out of its row as it went in, on another node too', () => {
    const { row, key } = makeKeys().create(ada);
    const again = makeKeys().unwrap(row);
    expect(row).toMatchObject({ userId: ada, wrappingKeyId: 'w1', id: key.id });
    expect(row.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const place = { table: 'users', column: 'email', rowId: ada };
    expect(open(again, place, seal(key, place, 'ada@example.com', systemRandom))).toBe('ada@example.com');
  });

  test('is random, and stands nowhere in its row', () => {
    const [one, two] = [makeKeys().create(ada), makeKeys().create(ada)];
    expect(secretOf(one.key)).not.toBe(secretOf(two.key));
    expect(one.row.wrapped).toHaveLength(1 + 12 + 32 + 16);
    expect(one.row.wrapped.toString('hex')).not.toContain(secretOf(one.key));
  });

  test('is bound to its purpose, its person, its wrapping key and its id', () => {
    const { row, key } = makeKeys().create(ada);
    const aad = lengthPrefixed('data-key', Buffer.of(1), row.userId, row.wrappingKeyId, row.id);
    expect(openBox(keyring.get('wrapping', 'w1').secret, aad, row.wrapped)?.toString('hex')).toBe(secretOf(key));
  });

  test('stays within reach after its wrapping key was followed by another', () => {
    const { row, key } = makeKeys().create(ada);
    const keys = makeKeys(new ManualClock(), rotated('wrapping', 'w2'));
    expect(secretOf(keys.unwrap(row))).toBe(secretOf(key));
    expect(keys.create(ada).row.wrappingKeyId).toBe('w2');
  });

  test('cannot be had without its wrapping key', () => {
    const { row } = makeKeys().create(ada);
    const lost = makeKeys(new ManualClock(), rotated('wrapping', 'w2', { keepsOld: false }));
    expect(() => lost.unwrap(row)).toThrow(new KeyMissing('wrapping', 'w1'));
    expect(() => makeKeys(new ManualClock(), keyringOf('other')).unwrap(row)).toThrow(SealBroken);
  });

  test.each<[string, (row: WrappedDataKey) => WrappedDataKey]>([
    ['moved to another person', (row) => ({ ...row, userId: bob })],
    ['with another id', (row) => ({ ...row, id: bob as string as DataKeyId })],
    ['of a flipped bit', (row) => ({ ...row, wrapped: flipped(row.wrapped) })],
    ['cut short', (row) => ({ ...row, wrapped: row.wrapped.subarray(0, -1) })],
    ['with the name of another wrapping key', (row) => ({ ...row, wrappingKeyId: 'w2' })],
  ])('in a row %s is refused, though the true row was read just before', (_what, change) => {
    const keys = makeKeys(new ManualClock(), rotated('wrapping', 'w2'));
    const { row } = makeKeys().create(ada);
    keys.unwrap(row);
    expect(() => keys.unwrap(change(row))).toThrow(SealBroken);
    expect(keys.unwrap(row).id).toBe(row.id);
  });
});

describe('the memory of unwrapped keys', () => {
  test('lasts a minute, counted from when the key was unwrapped', () => {
    const clock = new ManualClock();
    const keys = makeKeys(clock);
    const { row } = keys.create(ada);
    const first = keys.unwrap(row);
    clock.advanceSeconds(59);
    expect(keys.unwrap(row)).toBe(first);
    clock.advanceSeconds(1);
    expect(keys.unwrap(row)).not.toBe(first);
    expect(secretOf(keys.unwrap(row))).toBe(secretOf(first));
  });

  test('is let go of after its minute though nobody asks for a key again', () => {
    const clock = new ManualClock();
    const keys = makeKeys(clock);
    keys.unwrap(keys.create(ada).row);
    clock.advanceSeconds(30);
    keys.unwrap(keys.create(bob).row);
    clock.advanceSeconds(30);
    keys.dropExpired();
    expect(keys.size).toBe(1);
    clock.advanceSeconds(30);
    keys.dropExpired();
    expect(keys.size).toBe(0);
  });

  test('holds ten thousand keys, and the oldest leave', () => {
    const keys = makeKeys();
    const rows = Array.from({ length: 10_001 }, () => keys.create(ada).row);
    const [oldest, second] = rows;
    if (!oldest || !second) throw new Error('No rows');
    const first = keys.unwrap(oldest);
    const kept = keys.unwrap(second);
    for (const row of rows) keys.unwrap(row);
    expect(keys.unwrap(second)).toBe(kept);
    expect(keys.unwrap(oldest)).not.toBe(first);
  });
});

describe('a day key', () => {
  const id = '0190aaaa-0000-7000-8000-0000000000da' as DayKeyId;

  test('comes out of its row as it went in, and is random', () => {
    const { row, key } = wrapDayKey(keyring, id, systemRandom);
    expect(row).toMatchObject({ id, wrappingKeyId: 'w1' });
    expect(unwrapDayKey(keyring, row).id).toBe(id);
    expect(secretOf(unwrapDayKey(rotated('wrapping', 'w2'), row))).toBe(secretOf(key));
    expect(secretOf(wrapDayKey(keyring, id, systemRandom).key)).not.toBe(secretOf(key));
  });

  test('is bound to its purpose, its id and its wrapping key', () => {
    const { row, key } = wrapDayKey(keyring, id, systemRandom);
    const aad = lengthPrefixed('day', Buffer.of(1), row.id, row.wrappingKeyId);
    expect(openBox(keyring.get('wrapping', 'w1').secret, aad, row.wrapped)?.toString('hex')).toBe(secretOf(key));
  });

  test('is refused from a row that was changed, and without its wrapping key', () => {
    const { row } = wrapDayKey(keyring, id, systemRandom);
    const both = rotated('wrapping', 'w2');
    expect(() => unwrapDayKey(both, { ...row, id: ada as string as DayKeyId })).toThrow(SealBroken);
    expect(() => unwrapDayKey(both, { ...row, wrappingKeyId: 'w2' })).toThrow(SealBroken);
    expect(() => unwrapDayKey(both, { ...row, wrapped: flipped(row.wrapped) })).toThrow(SealBroken);
    expect(() => unwrapDayKey(both, { ...row, wrappingKeyId: 'w3' })).toThrow(KeyMissing);
    expect(unwrapDayKey(both, row).id).toBe(id);
  });

  test('is no data key, and a data key is none', () => {
    const { row } = wrapDayKey(keyring, id, systemRandom);
    const dataKey = { ...row, id: id as string as DataKeyId, userId: ada };
    expect(() => makeKeys().unwrap(dataKey)).toThrow(SealBroken);
    const person = makeKeys().create(ada).row;
    expect(() => unwrapDayKey(keyring, { ...person, id: person.id as string as DayKeyId })).toThrow(SealBroken);
  });
});
