import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatheredReads } from '../../src/platform/gathered-reads.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Rows that say which batch brought them. */
function countedReads(most = 100) {
  const batches: (readonly number[])[] = [];
  const reads = new GatheredReads<number, string>(async (ids) => {
    batches.push(ids);
    const name = batches.length;
    return new Map(ids.filter((id) => id >= 0).map((id) => [id, `${id} of ${name}`]));
  }, most);
  return { reads, batches };
}

describe('reads gathered over one turn of the event loop', () => {
  test('each who asks gets their own row, and each id is asked for once', async () => {
    const { reads, batches } = countedReads();
    expect(await Promise.all([1, 2, 1, -1].map((id) => reads.find(id)))).toEqual([
      '1 of 1',
      '2 of 1',
      '1 of 1',
      undefined,
    ]);
    expect(batches).toEqual([[1, 2, -1]]);
  });

  test('whoever asks after a batch was sent is answered by a later one, also while the first is under way', async () => {
    let answer = () => {};
    const sent: (readonly number[])[] = [];
    const reads = new GatheredReads<number, number>(async (ids) => {
      const batch = sent.push(ids);
      if (batch === 1)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      return new Map(ids.map((id) => [id, batch]));
    }, 100);
    const first = reads.find(7);
    while (sent.length === 0) await turn();
    expect(await reads.find(7)).toBe(2);
    answer();
    expect(await first).toBe(1);
  });

  test('a batch that fails tells all who asked, and the next one is not touched', async () => {
    let isBroken = true;
    const reads = new GatheredReads<number, number>(async (ids) => {
      if (isBroken) throw new Error('no connection');
      return new Map(ids.map((id) => [id, id]));
    }, 100);
    const outcomes = await Promise.allSettled([reads.find(1), reads.find(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await reads.find(1)).toBe(1);
  });

  test('no batch is larger than allowed, and nobody is left out', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (ids, most) => {
        const { reads, batches } = countedReads(most);
        const rows = await Promise.all(ids.map((id) => reads.find(id)));
        expect(rows.map((row) => row?.split(' ')[0])).toEqual(ids.map(String));
        expect(Math.max(0, ...batches.map(({ length }) => length))).toBeLessThanOrEqual(most);
      }),
    );
  });
});
