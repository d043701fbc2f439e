import { describe, expect, test } from '@jest/globals';
import { FallbackWindows } from '../../src/limits/fallback-windows.ts';
import { MemoryWindows } from '../../src/limits/memory-windows.ts';
import { makeRateLimitTable } from '../../src/limits/rate-limits.ts';
import type { Took, Windows } from '../../src/limits/windows.ts';
import { ManualClock } from '../support/clock.ts';
import { bySize } from '../support/full-size.ts';

const table = makeRateLimitTable({ rateLimits: { mailByAccount: 5 }, addressLimit: 1_000 });
const row = table.mailByAccount;
const windowMs = row.windowSeconds * 1_000;

const makeClock = () => new ManualClock();
const takeMany = (windows: Windows, key: string, times: number): Promise<Took[]> =>
  Promise.all(Array.from({ length: times }, () => windows.take(row, key)));
const allowedOf = (taken: readonly Took[]) => taken.filter((took) => took.allowed).length;

describe('windows in memory', () => {
  test('allow exactly the maximum of 50 parallel attempts, and say how many are left', async () => {
    const taken = await takeMany(new MemoryWindows(makeClock(), 1), 'a', 50);
    expect(allowedOf(taken)).toBe(5);
    expect(taken.slice(0, 6).map((took) => took.remaining)).toEqual([4, 3, 2, 1, 0, 0]);
  });

  test('count each key and each row by itself', async () => {
    const windows = new MemoryWindows(makeClock(), 1);
    await takeMany(windows, 'a', 5);
    expect((await windows.take(row, 'b')).allowed).toBe(true);
    expect((await windows.take(table.mailByClient, 'a')).allowed).toBe(true);
    expect((await windows.take(row, 'a')).allowed).toBe(false);
  });

  test('end when the first attempt is as old as the window, whatever was tried since', async () => {
    const clock = makeClock();
    const windows = new MemoryWindows(clock, 1);
    await takeMany(windows, 'a', 5);
    clock.advance(windowMs - 1);
    expect(await windows.take(row, 'a')).toMatchObject({ allowed: false, msLeft: 1 });
    clock.advance(1);
    expect(allowedOf(await takeMany(windows, 'a', 50))).toBe(5);
  });

  test('get back what is given back, although others were refused meanwhile', async () => {
    const windows = new MemoryWindows(makeClock(), 1);
    const taken = await takeMany(windows, 'a', 50);
    await Promise.all(
      taken
        .filter((took) => took.allowed)
        .slice(0, 2)
        .map((took) => took.giveBack()),
    );
    expect(allowedOf(await takeMany(windows, 'a', 50))).toBe(2);
  });

  test('hold no key that has nothing taken', async () => {
    const windows = new MemoryWindows(makeClock(), 1);
    const [first, second] = await takeMany(windows, 'a', 2);
    await first?.giveBack();
    expect(windows.size).toBe(1);
    await second?.giveBack();
    expect(windows.size).toBe(0);
  });

  test('are shared out among nodes, at least one attempt each', async () => {
    expect(allowedOf(await takeMany(new MemoryWindows(makeClock(), 2), 'a', 50))).toBe(2);
    expect(allowedOf(await takeMany(new MemoryWindows(makeClock(), 9), 'a', 50))).toBe(1);
  });

  test('stay bounded however many keys come, and forget the oldest first', async () => {
    const windows = new MemoryWindows(makeClock(), 1);
    await windows.take(table.mailByClient, 'kept');
    const last = bySize(1_000_000, 200_000);
    for (let i = 0; i < last; i++) await windows.take(row, `key ${i}`);
    expect(windows.size).toBeLessThanOrEqual(100_001);
    expect((await windows.take(row, `key ${last - 10_000}`)).remaining).toBe(3);
    expect((await windows.take(row, 'key 1')).remaining).toBe(4);
    expect((await windows.take(table.mailByClient, 'kept')).remaining).toBe(18);
  });

  test('do not end a newer window of a forgotten key when an older attempt is given back', async () => {
    const windows = new MemoryWindows(makeClock(), 1, 2);
    const early = await windows.take(row, 'a');
    await windows.take(row, 'b');
    await windows.take(row, 'c');
    await windows.take(row, 'a');
    await early.giveBack();
    expect((await windows.take(row, 'a')).remaining).toBe(3);
  });

  test('keep each count until its own window ends, however the halves turn meanwhile', async () => {
    const clock = makeClock();
    const windows = new MemoryWindows(clock, 1);
    const quarters = Array.from({ length: 12 }, (_, i) => i);
    for (const quarter of quarters) {
      for (const earlier of quarters.slice(0, quarter).slice(-3)) {
        expect((await windows.take(row, `opened in ${earlier}`)).allowed).toBe(false);
      }
      await takeMany(windows, `opened in ${quarter}`, 5);
      clock.advance(windowMs / 4);
    }
    expect((await windows.take(row, 'opened in 8')).allowed).toBe(true);
  });

  test('let go of what has ended, two windows later at most', async () => {
    const clock = makeClock();
    const windows = new MemoryWindows(clock, 1);
    for (let i = 0; i < 100; i++) await windows.take(row, `key ${i}`);
    clock.advance(windowMs);
    await windows.take(row, 'new');
    clock.advance(windowMs);
    await windows.take(row, 'newer');
    expect(windows.size).toBe(2);
  });
});

describe('shared windows that fail', () => {
  const makeParts = () => {
    const clock = makeClock();
    const lines: string[] = [];
    const log = (message: string) => void lines.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const shared = { fails: false, calls: 0, stopped: false };
    const memory = new MemoryWindows(clock, 1);
    const windows: Windows = {
      take: async (...args) => {
        shared.calls += 1;
        if (shared.fails) throw new Error('connect ECONNREFUSED redis://:secret@host');
        const took = await memory.take(...args);
        return {
          ...took,
          giveBack: async () => {
            if (shared.fails) throw new Error('gone');
            await took.giveBack();
          },
        };
      },
      stop: async () => {
        shared.stopped = true;
      },
    };
    return { clock, lines, shared, fallback: new FallbackWindows(windows, new MemoryWindows(clock, 5), clock, logger) };
  };

  test('count in this process, its share, and the log says so once, without the address', async () => {
    const { fallback, shared, lines } = makeParts();
    shared.fails = true;
    expect(allowedOf(await takeMany(fallback, 'a', 50))).toBe(1);
    expect(lines).toEqual([expect.stringContaining('Redis does not answer')]);
    expect(lines.join()).not.toContain('secret');
  });

  test('are asked again after a second, by one attempt at a time', async () => {
    const { fallback, shared, clock } = makeParts();
    shared.fails = true;
    await fallback.take(row, 'a');
    await takeMany(fallback, 'a', 10);
    expect(shared.calls).toBe(1);
    clock.advance(1_000);
    await takeMany(fallback, 'a', 10);
    expect(shared.calls).toBe(2);
  });

  test('come back by themselves, and the log says so once', async () => {
    const { fallback, shared, clock, lines } = makeParts();
    shared.fails = true;
    await takeMany(fallback, 'a', 3);
    shared.fails = false;
    clock.advance(1_000);
    expect(allowedOf(await takeMany(fallback, 'b', 1))).toBe(1);
    expect(allowedOf(await takeMany(fallback, 'b', 50))).toBe(4);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('Redis answers again');
  });

  test('do not turn a giving back into an error of the request', async () => {
    const { fallback, shared, lines } = makeParts();
    const took = await fallback.take(row, 'a');
    shared.fails = true;
    await took.giveBack();
    expect(lines).toHaveLength(1);
  });

  test('are stopped with the rest', async () => {
    const { fallback, shared } = makeParts();
    await fallback.stop();
    expect(shared.stopped).toBe(true);
  });
});
