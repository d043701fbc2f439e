import { describe, expect, test } from '@jest/globals';
import type { HashParameters } from '../../../src/crypto/argon2id.ts';
import { calibrate, measureHash } from '../../../src/crypto/calibration.ts';
import { CountedRandom } from '../../support/counted-random.ts';

/** A machine on which a hash takes so many ms for each MiB and pass; and what was tried on it. */
function machine(msPerMib: number) {
  const tried: HashParameters[] = [];
  const measure = async (parameters: HashParameters) => {
    tried.push(parameters);
    return (parameters.memoryKib / 1_024) * parameters.passes * msPerMib;
  };
  return { tried, measure };
}

describe('a calibration', () => {
  test.each([0.5, 0.8, 1.3, 2.1])(
    'finds the most memory within the time, to a fifth, at %d ms a MiB',
    async (speed) => {
      const { tried, measure } = machine(speed);
      const { memoryKib, passes, parallelism, ms } = await calibrate(250, measure);
      expect({ passes, parallelism }).toEqual({ passes: 2, parallelism: 1 });
      expect(ms).toBe((memoryKib / 1_024) * 2 * speed);
      expect(ms).toBeLessThanOrEqual(250);
      const over = tried.at(-1);
      expect(over?.memoryKib).toBeLessThanOrEqual(Math.ceil((memoryKib * 1.2) / 1_024) * 1_024);
      expect(await measure(over ?? { memoryKib: 0, passes: 0, parallelism: 0 })).toBeGreaterThan(250);
    },
  );

  test('takes what fits the time exactly', async () => {
    expect(await calibrate(46, machine(1).measure)).toEqual({ memoryKib: 23_552, passes: 2, parallelism: 1, ms: 46 });
  });

  test('never goes below OWASP’s least, however slow the machine is, and says what that takes', async () => {
    const { tried, measure } = machine(100);
    expect(await calibrate(250, measure)).toEqual({ memoryKib: 19_456, passes: 2, parallelism: 1, ms: 3_800 });
    expect(tried).toHaveLength(1);
  });

  test('stops at a GiB, so that a handful of logins cannot take all memory, and goes on with passes', async () => {
    const { tried, measure } = machine(0.1);
    expect(await calibrate(350, measure)).toMatchObject({ memoryKib: 1_048_576, passes: 3 });
    expect(Math.max(...tried.map(({ memoryKib }) => memoryKib))).toBe(1_048_576);
  });
});

test('a hash is measured by the quickest of three, each with a salt of its own', async () => {
  const random = new CountedRandom();
  const times = [0, 50, 100, 130, 200, 240].map((ms) => new Date(ms));
  const clock = { now: () => times.shift() ?? new Date(Number.NaN) };
  expect(await measureHash(clock, random)({ memoryKib: 64, passes: 1, parallelism: 1 })).toBe(30);
  expect(times).toEqual([]);
});
