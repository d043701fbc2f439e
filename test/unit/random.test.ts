import { describe, expect, test } from '@jest/globals';
import { inPools } from '../../src/platform/random.ts';

/** Counts through 16-bit numbers, so that bytes given twice would show. */
function counting() {
  const asked: number[] = [];
  let next = 0;
  const bytes = (size: number) => {
    asked.push(size);
    const drawn = Buffer.alloc(size);
    for (let at = 0; at + 1 < size; at += 2) drawn.writeUInt16BE(next++, at);
    return drawn;
  };
  return { asked, bytes };
}

describe('bytes in pools', () => {
  test('are given once each, whatever becomes of those given before', () => {
    const pooled = inPools(counting());
    const seen = new Set<number>();
    for (let call = 0; call < 1_000; call += 1) {
      const taken = pooled.bytes(16);
      expect(taken).toHaveLength(16);
      for (let at = 0; at < 16; at += 2) seen.add(taken.readUInt16BE(at));
      taken.fill(0);
    }
    expect(seen.size).toBe(8_000);
  });

  test('are drawn many at once, and more where more are asked for', () => {
    const source = counting();
    const pooled = inPools(source);
    for (let call = 0; call < 257; call += 1) pooled.bytes(16);
    expect(pooled.bytes(5_000)).toHaveLength(5_000);
    expect(source.asked).toEqual([4_096, 4_096, 5_000]);
  });
});
