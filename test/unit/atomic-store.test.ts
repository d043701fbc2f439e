import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type AtomicStore, makeAtomicStore } from '../../src/limits/atomic-store.ts';
import { makeRateLimitTable } from '../../src/limits/rate-limits.ts';
import { ManualClock } from '../support/clock.ts';
import { silentLogger } from '../support/silent-logger.ts';

const { mailByAccount: row } = makeRateLimitTable({ rateLimits: {}, addressLimit: 1_000 });

const make = async () => {
  const clock = new ManualClock();
  const store = await makeAtomicStore({
    clock,
    logger: silentLogger,
    key: createSecretKey(Buffer.alloc(32, 1)),
    redisUrl: undefined,
    nodes: 1,
  });
  return { clock, store };
};
const hitMany = (store: AtomicStore, times: number) =>
  Promise.all(Array.from({ length: times }, () => store.hit(row, 'anna@example.org')));
const allowedOf = async (store: AtomicStore) => (await hitMany(store, 50)).filter((hit) => hit.allowed).length;

describe('the atomic store', () => {
  test('tells the whole seconds until the window ends, at least one', async () => {
    const { store, clock } = await make();
    expect((await hitMany(store, 1))[0]?.retryAfterSeconds).toBe(row.windowSeconds);
    clock.advance(1_500);
    expect((await hitMany(store, 1))[0]?.retryAfterSeconds).toBe(row.windowSeconds - 1);
    clock.advance(row.windowSeconds * 1_000 - 1_501);
    expect((await hitMany(store, 1))[0]?.retryAfterSeconds).toBe(1);
  });

  test('gives an attempt back once', async () => {
    const { store } = await make();
    const [hit] = await hitMany(store, 5);
    await Promise.all([hit?.giveBack(), hit?.giveBack(), hit?.giveBack()]);
    expect(await allowedOf(store)).toBe(1);
  });

  test('gives nothing back for an attempt that was refused', async () => {
    const { store } = await make();
    const hits = await hitMany(store, 50);
    await Promise.all(hits.filter((hit) => !hit.allowed).map((hit) => hit.giveBack()));
    expect(await allowedOf(store)).toBe(0);
  });

  test('gives nothing back to a window that opened later', async () => {
    const { store, clock } = await make();
    const [early] = await hitMany(store, 1);
    clock.advance(row.windowSeconds * 1_000);
    await hitMany(store, 5);
    await early?.giveBack();
    expect(await allowedOf(store)).toBe(0);
  });
});
