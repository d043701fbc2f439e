import { describe, expect, test } from '@jest/globals';
import { type HashLane, HashQueue } from '../../../src/crypto/hash-queue.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { ManualTimer } from '../../support/manual-timer.ts';

/** As long as any refusal is held back. */
const HELD_MS = 1_500;
const LIMITS = { concurrency: 2, queue: 6, queueMs: 3_500 };

/** A queue whose work ends when the test says so, and the names of what started, in order. */
function makeQueue(limits = LIMITS) {
  const timer = new ManualTimer();
  const queue = new HashQueue(limits, timer.after);
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const add = (name: string, lane: HashLane) =>
    queue.run(lane, () => {
      started.push(name);
      return new Promise<string>((resolve) => finish.set(name, () => resolve(name)));
    });
  const end = async (name: string) => {
    // Work that need not wait starts a microtask after it was added.
    await new Promise(setImmediate);
    finish.get(name)?.();
    // The answer, the turn's hand-over and the next one's start are a few microtasks apart.
    await new Promise(setImmediate);
  };
  return { timer, queue, started, add, end };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

describe('the hash queue', () => {
  test('runs no more at once than its concurrency, and the rest in order of arrival', async () => {
    const { queue, started, add, end } = makeQueue();
    const all = ['a', 'b', 'c', 'd'].map((name) => add(name, 'stranger'));
    await new Promise(setImmediate);
    expect(started).toEqual(['a', 'b']);
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
    await end('a');
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    await end('c');
    await end('d');
    await expect(Promise.all(all)).resolves.toEqual(['a', 'b', 'c', 'd']);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  test('refuses with BUSY and a time to come back when the lane is full, and takes more once there is room', async () => {
    const { timer, queue, started, add, end } = makeQueue();
    const kept = ['a', 'b', 'c', 'd', 'e'].map((name) => add(name, 'stranger'));
    const refused = add('f', 'stranger');
    timer.pass(HELD_MS);
    await expect(refused).rejects.toMatchObject({ code: 'BUSY', facts: { retryAfter: 4 } });
    await end('a');
    kept.push(add('g', 'stranger'));
    for (const name of ['b', 'c', 'd', 'e', 'g']) await end(name);
    await Promise.all(kept);
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e', 'g']);
    expect(queue.running).toBe(0);
  });

  test('keeps half of its places for each lane, whichever comes flooding', async () => {
    for (const [flooding, other] of [
      ['stranger', 'known'],
      ['known', 'stranger'],
    ] as const) {
      const { timer, queue, add } = makeQueue();
      const flood = Array.from({ length: 50 }, (_, i) => codeOf(add(`flood ${i}`, flooding)));
      expect(queue.waiting).toBe(3);
      const others = Array.from({ length: 4 }, (_, i) => codeOf(add(`other ${i}`, other)));
      expect(queue.waiting).toBe(6);
      timer.pass(HELD_MS);
      await expect(Promise.race([...flood])).resolves.toBe('BUSY');
      await expect(others[3]).resolves.toBe('BUSY');
    }
  });

  test('with one place to wait in, lets either lane have it, and never both', async () => {
    const { timer, queue, add } = makeQueue({ concurrency: 1, queue: 1, queueMs: 2_000 });
    void add('runs', 'stranger');
    void add('waits', 'stranger');
    const known = codeOf(add('known', 'known'));
    timer.pass(HELD_MS);
    await expect(known).resolves.toBe('BUSY');
    expect(queue.waiting).toBe(1);
  });

  test('with no place to wait in, refuses what cannot start at once', async () => {
    const { timer, add } = makeQueue({ concurrency: 1, queue: 0, queueMs: 1_000 });
    void add('runs', 'known');
    const late = codeOf(add('late', 'known'));
    timer.pass(HELD_MS);
    await expect(late).resolves.toBe('BUSY');
  });

  test('lets the lanes take turns while both wait, so that neither starves', async () => {
    const { started, add, end } = makeQueue({ concurrency: 1, queue: 6, queueMs: 1_000 });
    void add('first', 'stranger');
    for (const name of ['s1', 's2', 's3']) void add(name, 'stranger');
    for (const name of ['k1', 'k2', 'k3']) void add(name, 'known');
    for (let i = 0; i < 6; i += 1) await end(started.at(-1) ?? 'first');
    expect(started).toEqual(['first', 'k1', 's1', 'k2', 's2', 'k3', 's3']);
  });

  test('refuses who has waited for the whole time, and starts the work of nobody who left', async () => {
    const { queue, timer, started, add, end } = makeQueue({ concurrency: 1, queue: 6, queueMs: 3_500 });
    void add('long', 'stranger');
    const early = codeOf(add('early', 'stranger'));
    timer.pass(2_000);
    const late = codeOf(add('late', 'stranger'));
    timer.pass(1_499);
    expect(queue.waiting).toBe(2);
    timer.pass(1);
    await expect(early).resolves.toBe('BUSY');
    expect(queue.waiting).toBe(1);
    await end('long');
    expect(started).toEqual(['long', 'late']);
    await end('late');
    await expect(late).resolves.toBe('done');
  });

  test('counts only the wait: work that takes longer than that goes on to its end', async () => {
    const { timer, add, end } = makeQueue({ concurrency: 1, queue: 2, queueMs: 100 });
    const first = add('first', 'known');
    const second = add('second', 'known');
    timer.pass(99);
    await end('first');
    expect(timer.pending).toBe(0);
    timer.pass(10_000);
    await end('second');
    await expect(Promise.all([first, second])).resolves.toEqual(['first', 'second']);
  });

  test('passes the turn on when work fails, at once or later, and tells its own caller alone', async () => {
    const { queue, started, add, end } = makeQueue({ concurrency: 1, queue: 6, queueMs: 1_000 });
    const broken = queue.run('known', () => {
      throw new RangeError('broken');
    });
    const later = queue.run('known', () => Promise.reject(new RangeError('later')));
    const good = add('good', 'known');
    await expect(broken).rejects.toThrow('broken');
    await expect(later).rejects.toThrow('later');
    await new Promise(setImmediate);
    expect(started).toEqual(['good']);
    await end('good');
    await expect(good).resolves.toBe('good');
    expect(queue.running).toBe(0);
  });

  test('tells nobody of a full lane before half a second, and all by one and a half, not at the same time', async () => {
    const { queue, timer, add } = makeQueue({ concurrency: 1, queue: 0, queueMs: 3_000 });
    void add('runs', 'stranger');
    const answers = Array.from({ length: 64 }, (_, i) => codeOf(add(`refused ${i}`, 'stranger')));
    const left: number[] = [];
    for (const ms of [499, 251, 250, 250, 250]) {
      timer.pass(ms);
      left.push(queue.held);
    }
    expect(left[0]).toBe(64);
    for (const [index, held] of [48, 32, 16].entries()) expect(Math.abs((left[index + 1] ?? 0) - held)).toBeLessThan(4);
    expect(left[4]).toBe(0);
    await expect(Promise.all(answers)).resolves.toEqual(answers.map(() => 'BUSY'));
  });

  test('holds a refusal back no longer than in proportion to what one may wait', async () => {
    const { queue, timer, add } = makeQueue({ concurrency: 1, queue: 0, queueMs: 100 });
    void add('runs', 'stranger');
    const answers = Array.from({ length: 8 }, (_, i) => codeOf(add(`refused ${i}`, 'stranger')));
    timer.pass(150);
    expect(queue.held).toBe(0);
    await Promise.all(answers);
  });

  test('holds so many refusals and no more: what comes beyond them is refused at once', async () => {
    const { queue, timer, add } = makeQueue({ concurrency: 1, queue: 0, queueMs: 3_000 });
    void add('runs', 'stranger');
    const held = Array.from({ length: 512 }, (_, i) => codeOf(add(`held ${i}`, 'stranger')));
    expect([queue.held, timer.pending]).toEqual([512, 512]);
    await expect(codeOf(add('beyond', 'stranger'))).resolves.toBe('BUSY');
    expect([queue.held, timer.pending]).toEqual([512, 512]);
    timer.pass(HELD_MS);
    await Promise.all(held);
    expect(queue.held).toBe(0);
  });

  test('says beforehand whether there is room, and refuses as it would at the turn itself', async () => {
    const { queue, timer, add, end } = makeQueue({ concurrency: 1, queue: 2, queueMs: 3_000 });
    await expect(codeOf(queue.findRoom('stranger'))).resolves.toBe('done');
    void add('runs', 'stranger');
    await expect(codeOf(queue.findRoom('stranger'))).resolves.toBe('done');
    void add('waits', 'stranger');
    const stranger = codeOf(queue.findRoom('stranger'));
    await expect(codeOf(queue.findRoom('known'))).resolves.toBe('done');
    expect([queue.running, queue.waiting, queue.held]).toEqual([1, 1, 1]);
    timer.pass(HELD_MS);
    await expect(stranger).resolves.toBe('BUSY');
    await end('runs');
    await expect(codeOf(queue.findRoom('stranger'))).resolves.toBe('done');
  });

  test('takes no limits that would let everything or nothing through', () => {
    for (const wrong of [
      { concurrency: 0 },
      { concurrency: 1.5 },
      { queue: -1 },
      { queue: Number.NaN },
      { queueMs: 0 },
    ]) {
      expect(() => new HashQueue({ ...LIMITS, ...wrong })).toThrow(TypeError);
    }
  });

  test('by default waits in real time', async () => {
    const queue = new HashQueue({ concurrency: 1, queue: 2, queueMs: 20 });
    let stop = () => {};
    const runs = queue.run('known', () => new Promise<void>((resolve) => (stop = resolve)));
    // A timer of the test's own: the queue's keeps no process alive.
    const alive = setInterval(() => {}, 1_000);
    await expect(codeOf(queue.run('known', async () => {}))).resolves.toBe('BUSY');
    clearInterval(alive);
    stop();
    await runs;
  });
});
