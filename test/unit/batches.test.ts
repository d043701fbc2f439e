import { describe, expect, test } from '@jest/globals';
import { inBatches } from '../../src/platform/batches.ts';

/** Doubles numbers, and keeps what it was asked. */
function doubling() {
  const calls: (readonly number[])[] = [];
  const find = inBatches(async (_: object, keys: readonly number[]) => {
    calls.push(keys);
    if (keys.includes(13)) throw new Error('no luck');
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * 2]));
  });
  return { calls, find };
}

describe('batches', () => {
  test('gather what one request asks for in a turn, however deep in promises, each key once', async () => {
    const { calls, find } = doubling();
    const request = {};
    const late = async () => {
      for (let hop = 0; hop < 20; hop += 1) await undefined;
      return find(request, 3);
    };
    expect(await Promise.all([find(request, 1), find(request, 2), late(), find(request, 1)])).toEqual([2, 4, 6, 2]);
    expect(calls).toEqual([[1, 2, 3]]);
  });

  test('answer undefined for what was not found', async () => {
    const { find } = doubling();
    expect(await find({}, 0)).toBeUndefined();
  });

  test('keep nothing: the same key is read again in a later turn', async () => {
    const { calls, find } = doubling();
    const request = {};
    await find(request, 1);
    await find(request, 1);
    expect(calls).toEqual([[1], [1]]);
  });

  test('are never shared by two requests, so that one’s failure is its own', async () => {
    const { calls, find } = doubling();
    const [bad, good] = await Promise.allSettled([find({}, 13), find({}, 1)]);
    expect([bad.status, good]).toEqual(['rejected', { status: 'fulfilled', value: 2 }]);
    expect(calls).toEqual([[13], [1]]);
  });
});
