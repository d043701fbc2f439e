import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lengthPrefixed } from '../../../src/crypto/length-prefixed.ts';
import { type Json, open, type Place, SealBroken, Sealed, seal, toSealingKey } from '../../../src/crypto/sealed.ts';
import { systemRandom } from '../../../src/platform/random.ts';

const key = toSealingKey('k1', systemRandom.bytes(32));
const wellFormed = () => fc.string({ unit: 'grapheme' });
const places = () => fc.record({ table: wellFormed(), column: wellFormed(), rowId: wellFormed() });
/** Any JSON, with texts that hold half characters and names like `__proto__`. */
const json = () =>
  fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);

/** Whether it is refused as broken: opening it must neither work nor fail in another way. */
function isBroken(place: Place, bytes: Buffer): boolean {
  try {
    open(key, place, new Sealed(bytes));
    return false;
  } catch (error) {
    return error instanceof SealBroken;
  }
}

describe('a sealed value', () => {
  test('opens to what it was', () => {
    fc.assert(
      fc.property(json(), places(), (value, place) => {
        expect(open(key, place, seal(key, place, value, systemRandom))).toEqual(value);
      }),
    );
  });

  test('does not open with any one bit another', () => {
    fc.assert(
      fc.property(json(), places(), (value, place) => {
        const { bytes } = seal(key, place, value, systemRandom);
        const bits = Array.from({ length: Math.min(bytes.length, 256) * 8 }, (_, bit) => bit);
        const flip = (bit: number) => {
          const flipped = Buffer.from(bytes);
          flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          return flipped;
        };
        expect(bits.filter((bit) => !isBroken(place, flip(bit)))).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  test('does not open when cut at either end or made longer', () => {
    fc.assert(
      fc.property(json(), places(), fc.uint8Array({ minLength: 1 }), (value, place, more) => {
        const { bytes } = seal(key, place, value, systemRandom);
        const damaged: Buffer[] = [Buffer.concat([bytes, more]), Buffer.concat([more, bytes])];
        for (let cut = 1; cut <= Math.min(bytes.length, 200); cut += 1)
          damaged.push(bytes.subarray(cut), bytes.subarray(0, -cut));
        expect(damaged.filter((other) => !isBroken(place, other))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('does not open at any other place', () => {
    fc.assert(
      fc.property(json(), places(), places(), (value, place, elsewhere) => {
        fc.pre(JSON.stringify(place) !== JSON.stringify(elsewhere));
        expect(() => open(key, elsewhere, seal(key, place, value, systemRandom))).toThrow(SealBroken);
      }),
    );
  });

  test('has a length that tells only in which block of 32 bytes its value ends', () => {
    fc.assert(
      fc.property(json(), json(), places(), (one, two, place) => {
        const block = (value: Json) => Math.ceil((4 + Buffer.byteLength(JSON.stringify(value))) / 32);
        const length = (value: Json) => seal(key, place, value, systemRandom).bytes.length;
        expect(length(one)).toBe(29 + 32 * block(one));
        expect(length(one) === length(two)).toBe(block(one) === block(two));
      }),
    );
  });
});

test('two lists of fields give the same bytes only when they are the same list', () => {
  // Few and short fields over zero bytes, where an encoding without lengths would collide at once.
  const fields = fc.array(fc.uint8Array({ max: 2, maxLength: 6 }), { maxLength: 3 });
  fc.assert(
    fc.property(fields, fields, (one, two) => {
      const isSame = JSON.stringify(one.map((field) => [...field])) === JSON.stringify(two.map((field) => [...field]));
      expect(lengthPrefixed(...one).equals(lengthPrefixed(...two))).toBe(isSame);
    }),
    { numRuns: 2000 },
  );
});
