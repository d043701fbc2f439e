import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type HashLane, HashQueue } from '../../../src/crypto/hash-queue.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { ManualTimer } from '../../support/manual-timer.ts';

type Event = { readonly kind: 'known' | 'stranger' | 'finish' } | { readonly kind: 'pass'; readonly ms: number };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Event>({ kind: 'known' }, { kind: 'stranger' }) },
    { weight: 2, arbitrary: fc.constant<Event>({ kind: 'finish' }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 80 }).map((ms): Event => ({ kind: 'pass', ms })) },
  ),
  { maxLength: 120 },
);

test('whatever comes and ends in whatever order, the caps hold and everyone is answered once', async () => {
  const limits = fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    queue: fc.integer({ min: 0, max: 9 }),
    queueMs: fc.integer({ min: 1, max: 100 }),
  });
  await fc.assert(
    fc.asyncProperty(limits, events, async (given, happens) => {
      const timer = new ManualTimer();
      const queue = new HashQueue(given, timer.after);
      const running: (() => void)[] = [];
      const waitingIn: Record<HashLane, number> = { known: 0, stranger: 0 };
      let held = 0;
      let most = 0;
      let asked = 0;
      const answers: string[] = [];
      const ask = (lane: HashLane) => {
        asked += 1;
        const isFull =
          running.length >= given.concurrency &&
          (waitingIn[lane] >= Math.ceil(given.queue / 2) || waitingIn.known + waitingIn.stranger >= given.queue);
        if (isFull) held += 1;
        else waitingIn[lane] += 1;
        const work = () => {
          waitingIn[lane] -= 1;
          return new Promise<void>((resolve) => {
            most = Math.max(most, running.push(resolve));
          });
        };
        const refused = (error: unknown) => {
          if (isFull) held -= 1;
          else waitingIn[lane] -= 1;
          answers.push(error instanceof AppError ? error.code : 'another error');
        };
        queue.run(lane, work).then(() => answers.push('done'), refused);
      };
      for (const event of happens) {
        if (event.kind === 'pass') timer.pass(event.ms);
        else if (event.kind === 'finish') running.shift()?.();
        else ask(event.kind);
        await new Promise(setImmediate);
        expect(queue.running).toBe(running.length);
        expect(queue.waiting).toBe(waitingIn.known + waitingIn.stranger);
        expect(queue.held).toBe(held);
        expect(queue.waiting).toBeLessThanOrEqual(given.queue);
        expect(Math.max(waitingIn.known, waitingIn.stranger)).toBeLessThanOrEqual(Math.ceil(given.queue / 2));
        // Nobody waits beside a free place.
        if (queue.waiting > 0) expect(queue.running).toBe(given.concurrency);
      }
      while (running.length > 0) {
        running.shift()?.();
        await new Promise(setImmediate);
      }
      timer.pass(150);
      await new Promise(setImmediate);
      expect(most).toBeLessThanOrEqual(given.concurrency);
      expect(answers).toHaveLength(asked);
      expect(answers.every((answer) => answer === 'done' || answer === 'BUSY')).toBe(true);
      expect([queue.running, queue.waiting, queue.held, timer.pending]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 150 },
  );
});
