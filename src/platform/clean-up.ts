import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from './clock.ts';
import { errorFacts, type Logger } from './logger.ts';
import { inTransaction } from './transaction.ts';
import { takeWorkLock } from './work-lock.repository.ts';
import { startWorkerLoop, type WorkerLoop } from './worker-loop.ts';

/** One kind of row that is of no more use, and how some of it is removed. Stands next to its noun. */
export interface CleanUpJob {
  readonly name: string;
  /** Deletes at most `limit` rows whose time is over by `now`, the oldest first, in one statement. Answers how many. */
  deleteBatch(tx: EntityManager, now: Date, limit: number): Promise<number>;
}

export interface CleanUpParts {
  readonly database: DataSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly jobs: readonly CleanUpJob[];
  /** Between two rounds. */
  readonly everySeconds: number;
  /** Rows of one statement: few enough that nobody waits for its locks. */
  readonly batch: number;
}

/** Node takes a longer one for no time at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Removes what is of no more use: a round at the start, and then again and again, a batch at a time, each in a transaction of
 * its own that one node has at a time. A job that fails is logged and left to the next round; the others go on.
 */
export class CleanUp {
  readonly #parts: CleanUpParts;
  /** What this round has not finished. */
  #left: readonly CleanUpJob[];
  #loop: WorkerLoop | undefined;

  constructor(parts: CleanUpParts) {
    this.#parts = parts;
    this.#left = parts.jobs;
  }

  start(): void {
    const { everySeconds, logger } = this.#parts;
    this.#loop = startWorkerLoop({
      name: 'clean-up',
      pollMs: Math.min(everySeconds * 1000, LONGEST_TIMER_MS),
      logger,
      step: () => this.step(),
    });
  }

  /** Ends after the batch under way. */
  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** One batch of one job. False once the round is over: all jobs are done, or another node is at it. */
  async step(): Promise<boolean> {
    const { jobs, batch } = this.#parts;
    const [job, ...others] = this.#left;
    const deleted = job && (await this.#tryBatch(job));
    // A full batch may have left more behind.
    this.#left = deleted === batch ? this.#left : others;
    if (deleted !== 'held elsewhere' && this.#left.length > 0) return true;
    this.#left = jobs;
    return false;
  }

  async #tryBatch(job: CleanUpJob): Promise<number | 'held elsewhere'> {
    const { database, clock, logger, batch } = this.#parts;
    try {
      const deleted = await inTransaction(database, async (tx) =>
        (await takeWorkLock(tx, 'clean-up')) ? job.deleteBatch(tx, clock.now(), batch) : 'held elsewhere',
      );
      if (typeof deleted === 'number' && deleted > 0) logger.info('cleaned up', { what: job.name, rows: deleted });
      return deleted;
    } catch (error) {
      logger.error('clean-up failed and will be tried again', { what: job.name, ...errorFacts(error) });
      return 0;
    }
  }
}
