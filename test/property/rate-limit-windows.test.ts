import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryWindows } from '../../src/limits/memory-windows.ts';
import { makeRateLimitTable } from '../../src/limits/rate-limits.ts';
import type { Took } from '../../src/limits/windows.ts';
import { ManualClock } from '../support/clock.ts';

const { addressByClient: row } = makeRateLimitTable({ rateLimits: {}, addressLimit: 3 });
const windowMs = row.windowSeconds * 1_000;

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('take' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('give back' as const), which: fc.nat({ max: 5 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: windowMs }) }),
  ),
  { maxLength: 80 },
);

describe('windows in memory', () => {
  test('allow what a list of all attempts allows, whatever is taken, given back and waited for', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (actions) => {
        const clock = new ManualClock();
        const windows = new MemoryWindows(clock, 1);
        const model = new Map<string, { opened: number; taken: Set<number> }>();
        let held: { readonly number: number; readonly key: string; readonly opened: number; readonly took: Took }[] =
          [];
        for (const [number, action] of actions.entries()) {
          const now = clock.now().getTime();
          if (action.do === 'wait') {
            clock.advance(action.ms);
            held = held.filter(({ opened }) => clock.now().getTime() < opened + windowMs);
          } else if (action.do === 'take') {
            const known = model.get(action.key);
            const isOpen = known !== undefined && known.taken.size > 0 && now < known.opened + windowMs;
            const window = isOpen ? known : { opened: now, taken: new Set<number>() };
            model.set(action.key, window);
            const took = await windows.take(row, action.key);
            expect(took.allowed).toBe(window.taken.size < row.points);
            expect(took.msLeft).toBe(window.opened + windowMs - now);
            if (!took.allowed) continue;
            window.taken.add(number);
            held.push({ number, key: action.key, opened: window.opened, took });
          } else {
            const [given] = held.splice(action.which, 1);
            await given?.took.giveBack();
            if (given !== undefined) model.get(given.key)?.taken.delete(given.number);
          }
        }
        expect(windows.size).toBeLessThanOrEqual(3);
      }),
      { numRuns: 300 },
    );
  });
});
