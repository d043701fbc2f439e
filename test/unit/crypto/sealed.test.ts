import { createDecipheriv } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  type Json,
  open,
  type Place,
  SealBroken,
  Sealed,
  seal,
  sealedTransformer,
  toSealingKey,
} from '../../../src/crypto/sealed.ts';
import { errorFacts } from '../../../src/platform/logger.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { Secret } from '../../../src/platform/secret.ts';

const key = toSealingKey('k1', Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'));
const place: Place = { table: 'users', column: 'email', rowId: '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee' };
const FIRST_RELEASE =
  '01090909090909090909090909b318082aa5fe27c5916c4898c6e6d7aa1771b043780640b513f7626b93378b473a85adb3c27b09bae2bcaa7c494259f8';
const sealed = (value: Json = 'ada@example.com') => seal(key, place, value, systemRandom);

describe('the format, which must never change', () => {
  test('a value sealed by the first release opens', () => {
    const bytes = Buffer.from(FIRST_RELEASE, 'hex');
    expect(open(key, place, new Sealed<string>(bytes))).toBe('ada@example.com');
    expect(seal(key, place, 'ada@example.com', { bytes: (size) => Buffer.alloc(size, 9) }).bytes).toEqual(bytes);
  });

  test('anyone who holds the key can open it by the description alone', () => {
    const field = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(bytes.length.toString(16).padStart(8, '0'), 'hex'), bytes]);
    const { bytes } = sealed('é');
    const aad = Buffer.concat(
      [Buffer.of(1), Buffer.from('k1'), ...Object.values(place).map((text) => Buffer.from(text))].map(field),
    );
    const decipher = createDecipheriv('aes-256-gcm', key.secret, bytes.subarray(1, 13))
      .setAAD(aad)
      .setAuthTag(bytes.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()]);
    expect(bytes[0]).toBe(1);
    expect(plaintext.toString('hex')).toBe(`00000004${Buffer.from('"é"').toString('hex')}`.padEnd(64, '0'));
  });
});

describe('opening', () => {
  test.each<[string, Json]>([
    ['a text', 'Zoë 🎉'],
    ['an empty text', ''],
    ['half a character', '\ud83d'],
    ['null', null],
    ['a number', -1.5e-7],
    ['a list', [1, [true, null]]],
    ['an object with hostile names', JSON.parse('{"__proto__":{"a":1},"constructor":""}')],
  ])('gives back %s', (_what, value) => {
    expect(open(key, place, sealed(value))).toEqual(value);
  });

  test('is not possible at another table, column or row, or under a key of another id', () => {
    const value = sealed();
    const moved = { table: 'profiles', column: 'phone', rowId: '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeef' };
    for (const [field, elsewhere] of Object.entries(moved)) {
      expect(() => open(key, { ...place, [field]: elsewhere }, value)).toThrow(SealBroken);
    }
    expect(() => open({ ...key, id: 'k2' }, place, value)).toThrow(SealBroken);
    expect(() => open(toSealingKey('k1', Buffer.alloc(32, 1)), place, value)).toThrow(SealBroken);
    expect(open(key, place, value)).toBe('ada@example.com');
  });

  test('is not possible when a border between two parts of the place is moved', () => {
    const value = seal(key, { table: 'ab', column: 'c', rowId: '1' }, 'x', systemRandom);
    expect(() => open(key, { table: 'a', column: 'bc', rowId: '1' }, value)).toThrow(SealBroken);
  });

  test.each([0, 1, 12, 28])('of %d bytes is refused like any other damage', (length) => {
    expect(() => open(key, place, new Sealed(Buffer.alloc(length, 1)))).toThrow(SealBroken);
  });

  test('of another version is refused', () => {
    const { bytes } = sealed();
    const other = Buffer.concat([Buffer.of(2), bytes.subarray(1)]);
    expect(() => open(key, place, new Sealed(other))).toThrow(SealBroken);
  });

  test('fails with the place and nothing of the value, for the log too', () => {
    const { bytes } = sealed();
    const broken = new Sealed(bytes.subarray(0, -1));
    let caught: unknown;
    try {
      open(key, place, broken);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(SealBroken);
    expect(String(caught)).toBe(`SealBroken: users.email of row ${place.rowId} does not open with key k1`);
    expect(errorFacts(caught)).toMatchObject({ code: 'SEAL_BROKEN', table: 'users', column: 'email' });
  });
});

describe('sealing', () => {
  test('the same value twice gives nothing that looks alike (ASVS v5.0.0-11.3.4)', () => {
    expect(sealed().bytes.subarray(1, 13)).not.toEqual(sealed().bytes.subarray(1, 13));
    expect(sealed().bytes.subarray(13)).not.toEqual(sealed().bytes.subarray(13));
  });

  test('a short name and a long one have the same length', () => {
    expect(sealed('Al').bytes).toHaveLength(sealed('Wilhelmina von Humboldt').bytes.length);
    // 4 bytes of length and 2 quotes: 26 characters fill the block, one more begins the next.
    expect(sealed('x'.repeat(26)).bytes).toHaveLength(29 + 32);
    expect(sealed('x'.repeat(27)).bytes).toHaveLength(29 + 64);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['an infinity', { ratio: Number.POSITIVE_INFINITY }],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a Date', { at: new Date(0) }],
    ['a Map', new Map([['a', 1]])],
    ['bytes', Buffer.of(1)],
    ['a hole in a list', [undefined]],
    ['a Secret', new Secret('s')],
    ['what is sealed already', new Sealed(Buffer.alloc(0))],
  ])('refuses %s, which JSON would lose', (_what, value) => {
    expect(() => seal(key, place, value as Json, systemRandom)).toThrow(TypeError);
  });

  test('an optional member that is not set is no fault', () => {
    expect(open(key, place, sealed({ city: 'Zürich', street: undefined }))).toEqual({ city: 'Zürich' });
  });
});

describe('a sealed value', () => {
  test('prints as [sealed], wherever it goes', () => {
    const value = sealed();
    expect(
      `${value} ${JSON.stringify({ value })} ${inspect(value)} ${inspect({ value }, { depth: 9, showHidden: true })}`,
    ).toBe('[sealed] {"value":"[sealed]"} [sealed] { value: [sealed] }');
  });
});

describe('the column transformer', () => {
  test('writes the bytes and reads them back, null as null', () => {
    const value = sealed();
    expect(sealedTransformer.to(value)).toBe(value.bytes);
    expect(sealedTransformer.from(value.bytes)).toEqual(value);
    expect(sealedTransformer.from(value.bytes)).toBeInstanceOf(Sealed);
    expect([sealedTransformer.to(null), sealedTransformer.from(null), sealedTransformer.to(undefined)]).toEqual([
      null,
      null,
      undefined,
    ]);
  });

  test('lets nothing through that is not sealed', () => {
    for (const value of ['ada@example.com', Buffer.from('ada@example.com'), { bytes: Buffer.alloc(61) }]) {
      expect(() => sealedTransformer.to(value)).toThrow(TypeError);
    }
  });
});
