import { describe, expect, jest, test } from '@jest/globals';
import { databaseCheck, makeReadiness } from '../../src/http/health.ts';
import { ManualClock } from '../support/clock.ts';
import { silentLogger } from '../support/silent-logger.ts';

describe('the check of the database', () => {
  const passesWithSkew = (ms: number) => {
    const clock = new ManualClock();
    return databaseCheck(async () => new Date(clock.now().getTime() + ms), clock).passes();
  };

  test.each([
    [0, true],
    [2_000, true],
    [-2_000, true],
    [2_001, false],
    [-2_001, false],
  ])('with its clock %i ms off passes: %s', async (ms, passes) => {
    expect(await passesWithSkew(ms)).toBe(passes);
  });

  test('takes half of the way there and back off', async () => {
    const clock = new ManualClock();
    const readTime = async () => {
      clock.advanceSeconds(3);
      const theirs = clock.now();
      clock.advanceSeconds(3);
      return theirs;
    };
    expect(await databaseCheck(readTime, clock).passes()).toBe(true);
  });
});

describe('readiness', () => {
  test('needs every check, and one that fails or throws is enough', async () => {
    const clock = new ManualClock();
    const pass = { name: 'a', passes: async () => true };
    const fail = { name: 'b', passes: async () => false };
    const broken = { name: 'c', passes: async () => Promise.reject(new Error('down')) };
    const ask = (...checks: (typeof pass)[]) => makeReadiness(checks, clock, silentLogger)();
    expect(await Promise.all([ask(), ask(pass), ask(pass, fail), ask(broken, pass)])).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('does not wait for a check that hangs', async () => {
    jest.useFakeTimers();
    const hanging = { name: 'a', passes: () => new Promise<boolean>(() => {}) };
    const isReady = makeReadiness([hanging], new ManualClock(), silentLogger)();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await isReady).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  test('leaves no timer behind a check that answers', async () => {
    jest.useFakeTimers();
    await makeReadiness([{ name: 'a', passes: async () => true }], new ManualClock(), silentLogger)();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  test('asks again after a second, also where the clock went back', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const counting = { name: 'a', passes: async () => ++asked > 0 };
    const isReady = makeReadiness([counting], clock, silentLogger);
    for (const seconds of [0, 0.9, 0.1, -5]) {
      clock.advanceSeconds(seconds);
      await isReady();
    }
    expect(asked).toBe(3);
  });
});
