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

/** How long a refusal is held back in the mean; for the time that one may wait, where that is less. */
const HOLD_MS = 1_000;
/** Refusals held at once, each with its request in memory; what comes beyond them is refused at once. */
const MOST_HELD = 512;
/** From a half to one and a half, far apart for neighbours: who was refused together must not come back together. */
const spread = (number: number) => 0.5 + ((number * 617) % 1_000) / 1_000;

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
 *
 * Whom a full lane refuses is told so a second later: clients that come again at once would otherwise keep the server busy with
 * nothing but refusals, and with them everybody's requests. It tells nothing: the lanes know no account.
 */
export class HashQueue {
  readonly #limits: HashQueueLimits;
  readonly #timer: Timer;
  readonly #lanes: Readonly<Record<HashLane, Waiter[]>> = { known: [], stranger: [] };
  #running = 0;
  #held = 0;
  #refused = 0;
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

  /** Refused, and not told so yet. */
  get held(): number {
    return this.#held;
  }

  /**
   * What `work` answers or throws, once it had its turn. AppError BUSY, with nothing done, when the lane is full or the wait
   * took over `queueMs`; for a full lane the answer is held back.
   */
  async run<T>(lane: HashLane, work: () => Promise<T>): Promise<T> {
    await this.#takeTurn(lane);
    try {
      return await work();
    } finally {
      this.#passTurn();
    }
  }

  /** Resolves where there is room in the lane; else BUSY as `run` answers it. Spares a refused one whatever comes before its work. */
  async findRoom(lane: HashLane): Promise<void> {
    if (this.#isFull(lane)) await this.#refuse();
  }

  #isFull(lane: HashLane): boolean {
    const { concurrency, queue } = this.#limits;
    if (this.#running < concurrency) return false;
    return this.#lanes[lane].length >= Math.ceil(queue / 2) || this.waiting >= queue;
  }

  #refuse(): Promise<never> {
    if (this.#held >= MOST_HELD) return Promise.reject(this.#busy());
    this.#held += 1;
    this.#refused += 1;
    const holdMs = Math.ceil(spread(this.#refused) * Math.min(HOLD_MS, this.#limits.queueMs));
    return new Promise((_, reject) => {
      this.#timer(holdMs, () => {
        this.#held -= 1;
        reject(this.#busy());
      });
    });
  }

  #takeTurn(lane: HashLane): Promise<void> {
    if (this.#running < this.#limits.concurrency) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#isFull(lane)) return this.#refuse();
    const waiters = this.#lanes[lane];
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
