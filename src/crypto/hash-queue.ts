import { AppError } from '../platform/errors.ts';

/** Who waits: a client known to the account by a device token, or anybody else. */
export type HashLane = 'known' | 'stranger';

export interface HashQueueLimits {
  /** Pieces of work at once. Below the number of cores, and of libuv's threads, which argon2 shares with files and DNS. */
  readonly concurrency: number;
  /** Pieces of work that may wait, over both lanes. */
  readonly queue: number;
  /** How long one may wait. */
  readonly queueMs: number;
}

/** Calls `run` after `delayMs`, unless the function that it answers was called before. A seam: tests move time by hand. */
export type Timer = (delayMs: number, run: () => void) => () => void;

/** Node's timer. It keeps no process alive: whoever waits is kept by the work that runs. */
export const systemTimer: Timer = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};

interface Waiter {
  readonly start: () => void;
  readonly stopTimer: () => void;
}

/**
 * A bounded queue in front of password hashes (ASVS v5.0.0-15.2.2). A flood of logins would otherwise fill libuv's thread pool,
 * and every request would wait behind it.
 *
 * Each lane may fill half of the places, so a flood of strangers leaves half to clients that were here before. While both wait,
 * the lanes take turns; within a lane it is first come, first served.
 */
export class HashQueue {
  readonly #limits: HashQueueLimits;
  readonly #timer: Timer;
  readonly #lanes: Readonly<Record<HashLane, Waiter[]>> = { known: [], stranger: [] };
  #running = 0;
  #next: HashLane = 'known';

  /** Throws TypeError unless the limits are whole numbers: concurrency and queueMs from 1, queue from 0. */
  constructor(limits: HashQueueLimits, timer: Timer = systemTimer) {
    const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
    if (!isCount(limits.concurrency, 1) || !isCount(limits.queue, 0) || !isCount(limits.queueMs, 1)) {
      throw new TypeError(
        'The limits of the hash queue must be whole numbers: concurrency and queueMs from 1, queue from 0.',
      );
    }
    this.#limits = limits;
    this.#timer = timer;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#lanes.known.length + this.#lanes.stranger.length;
  }

  /**
   * What `work` answers or throws, once it had its turn. AppError BUSY, with nothing done, when the lane is full or the wait
   * took over `queueMs`.
   */
  async run<T>(lane: HashLane, work: () => Promise<T>): Promise<T> {
    await this.#takeTurn(lane);
    try {
      return await work();
    } finally {
      this.#passTurn();
    }
  }

  #takeTurn(lane: HashLane): Promise<void> {
    if (this.#running < this.#limits.concurrency) {
      this.#running += 1;
      return Promise.resolve();
    }
    const waiters = this.#lanes[lane];
    const half = Math.ceil(this.#limits.queue / 2);
    if (waiters.length >= half || this.waiting >= this.#limits.queue) return Promise.reject(this.#busy());
    return new Promise((resolve, reject) => {
      const stopTimer = this.#timer(this.#limits.queueMs, () => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(this.#busy());
      });
      const waiter: Waiter = { start: resolve, stopTimer };
      waiters.push(waiter);
    });
  }

  /** Hands the finished one's turn on. The count stays as it is then, so nobody can slip in between. */
  #passTurn(): void {
    const other: HashLane = this.#next === 'known' ? 'stranger' : 'known';
    const lane = this.#lanes[this.#next].length > 0 ? this.#next : other;
    const waiter = this.#lanes[lane].shift();
    if (waiter === undefined) {
      this.#running -= 1;
      return;
    }
    this.#next = lane === 'known' ? 'stranger' : 'known';
    waiter.stopTimer();
    waiter.start();
  }

  /** By `queueMs` from now all who wait have had their turn or were refused, so there is room again. */
  #busy(): AppError {
    const retryAfter = Math.ceil(this.#limits.queueMs / 1000);
    return new AppError('BUSY', 'Too many passwords are being checked at the moment. Try again shortly.', {
      retryAfter,
    });
  }
}
