import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { DayKeys } from '../audit/day-keys.ts';
import { open, seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import type { DayKeyId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import type { AddressJobPayload } from './address-job.payload.ts';
import { claimJob, deleteJob, insertJob } from './address-jobs.repository.ts';

export type AddressJobHandler = (tx: EntityManager, job: AddressJobPayload) => Promise<void>;

const POLL_MS = 5_000;
/** After so many tries the job is given up: its mail would come too late to be understood. */
const MAX_ATTEMPTS = 12;

/** The durable queue of work on typed addresses (see `AddressJobEntity` for why). */
export class AddressJobs {
  readonly #parts: { database: DataSource; dayKeys: DayKeys; clock: Clock; random: Random; logger: Logger };
  #loop: WorkerLoop | undefined;

  constructor(parts: { database: DataSource; dayKeys: DayKeys; clock: Clock; random: Random; logger: Logger }) {
    this.#parts = parts;
  }

  /** Writes the job in the caller's transaction. Call `wake` once that has committed. */
  async add(tx: EntityManager, payload: AddressJobPayload): Promise<void> {
    const { dayKeys, clock, random } = this.#parts;
    const id = uuidv7(clock, random);
    const dayKey = await dayKeys.getToday(tx, 'DAYS_30');
    const sealed = seal<AddressJobPayload>(dayKey, placeOf(id), payload, random);
    await insertJob(tx, { id, payload: sealed, dayKeyId: dayKey.id as DayKeyId, now: clock.now() });
  }

  wake(): void {
    this.#loop?.wake();
  }

  /** Starts doing the jobs, `handle` in a transaction that ends with the job's row gone; `done` is told after each. */
  start(handle: AddressJobHandler, done: () => void): void {
    const { logger } = this.#parts;
    this.#loop = startWorkerLoop({
      name: 'address-jobs',
      pollMs: POLL_MS,
      logger,
      step: () => this.#step(handle, done),
    });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #step(handle: AddressJobHandler, done: () => void): Promise<boolean> {
    const { database, dayKeys, clock, logger } = this.#parts;
    const job = await claimJob(database.manager, clock.now());
    if (!job) return false;
    if (job.attempts > MAX_ATTEMPTS) {
      logger.error('a job on an address failed too often and was given up', { job: job.id });
      await deleteJob(database.manager, job.id);
      return true;
    }
    await inTransaction(database, async (tx) => {
      if (!(await deleteJob(tx, job.id))) return;
      const dayKey = await dayKeys.findById(tx, job.dayKeyId);
      if (dayKey) await handle(tx, open(dayKey, placeOf(job.id), job.payload));
    });
    done();
    return true;
  }
}

/** Where a request came from, for the audit events of its job. */
export const jobOrigin = (context: RequestContext): AddressJobPayload['from'] => ({
  requestId: context.requestId,
  operationName: context.operationName,
  ip: context.origin.ip,
  userAgent: context.origin.userAgent,
});

const placeOf = (id: string) => ({ table: 'address_jobs', column: 'payload', rowId: id });
