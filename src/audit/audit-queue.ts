import type { EntityManager } from 'typeorm';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { sqlState } from '../platform/transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { type AuditEvent, detach } from './audit-event.ts';
import type { AuditTrail, StampedEvent } from './audit-trail.ts';

const BATCH = 100;
const MAX_WAITING = 10_000;
const RETRY_MS = 1_000;

/** An event that no try can write: a value that its column refuses (SQLSTATE classes 22 and 23), or a mistake of ours. */
const isHopeless = (error: unknown) => error instanceof TypeError || /^2[23]/.test(sqlState(error) ?? '');

/**
 * Refusals and failures: nothing changed, so there is no transaction to write them in. They are written after the answer, in
 * batches, as soon as the one before is done. The queue is bounded: a flood of refusals must not take the server's memory; what
 * does not fit is counted, logged, and the count recorded. Stated limit: a crash loses what waits here.
 */
export class AuditQueue {
  readonly #trail: AuditTrail;
  readonly #manager: EntityManager;
  readonly #logger: Logger;
  readonly #maxWaiting: number;
  readonly #waiting: StampedEvent[] = [];
  readonly #recorded = new WeakSet<object>();
  #dropped = 0;
  #writing: Promise<boolean> | undefined;
  #loop: WorkerLoop | undefined;

  constructor(parts: { trail: AuditTrail; manager: EntityManager; logger: Logger; maxWaiting?: number }) {
    this.#trail = parts.trail;
    this.#manager = parts.manager;
    this.#logger = parts.logger;
    this.#maxWaiting = parts.maxWaiting ?? MAX_WAITING;
  }

  /**
   * Takes an event to be written soon. With `cause`, the error that answers the request, the audit plugin knows that this refusal
   * has its event already. Never throws: it runs beside an answer that is right.
   */
  recordLater(event: AuditEvent, cause?: Error): void {
    if (cause !== undefined) this.#recorded.add(cause);
    if (this.#waiting.length >= this.#maxWaiting) {
      this.#drop(1);
      return;
    }
    try {
      this.#waiting.push(this.#trail.stamp({ ...event, by: detach(event.by) }));
      this.#loop?.wake();
    } catch (error) {
      this.#logger.error('an audit event is not what its type says, and is not recorded', errorFacts(error));
    }
  }

  /** Whether the refusal that `error` answers has its event already. */
  isRecorded(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#recorded.has(error);
  }

  /** Begins to write. */
  start(): void {
    const step = () => this.#writeBatch();
    this.#loop ??= startWorkerLoop({ name: 'audit-queue', pollMs: RETRY_MS, logger: this.#logger, step });
  }

  /** Writes all that waits. Throws what the database throws, and keeps what it could not write. */
  async flush(): Promise<void> {
    while (await this.#writeBatch());
  }

  /** Writes what it can in `withinMs`, and logs how much is lost. */
  async stop(withinMs = 3_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    const drained = (async () => {
      await this.#loop?.stop();
      await this.flush();
    })();
    // Logged below, by the count of what is left.
    await Promise.race([drained.catch(() => undefined), deadline]);
    clearTimeout(timer);
    const lost = this.#waiting.length + this.#dropped;
    if (lost > 0) this.#logger.error('the server stopped with audit events unwritten', { lost });
  }

  /** Writes one batch; false when nothing is left. One at a time, however many ask. */
  #writeBatch(): Promise<boolean> {
    this.#writing ??= this.#writeNext().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeNext(): Promise<boolean> {
    this.#noteDropped();
    const batch = this.#waiting.slice(0, BATCH);
    if (batch.length === 0) return false;
    try {
      await this.#trail.write(this.#manager, batch);
    } catch (error) {
      if (!isHopeless(error)) throw error;
      await this.#writeOneByOne(batch);
      return true;
    }
    this.#waiting.splice(0, batch.length);
    return true;
  }

  /** One bad event must not take its neighbours with it. */
  async #writeOneByOne(batch: readonly StampedEvent[]): Promise<void> {
    for (const event of batch) {
      try {
        await this.#trail.write(this.#manager, [event]);
      } catch (error) {
        if (!isHopeless(error)) throw error;
        this.#drop(1);
        this.#logger.error('an audit event could not be written', { type: event.event.type, ...errorFacts(error) });
      }
      this.#waiting.shift();
    }
  }

  #drop(lost: number): void {
    if (this.#dropped === 0) this.#logger.error('audit events are being lost: the queue is full or refuses them');
    this.#dropped += lost;
  }

  /** The gap itself goes into the trail, once there is room again. */
  #noteDropped(): void {
    if (this.#dropped === 0 || this.#waiting.length >= this.#maxWaiting) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#waiting.push(this.#trail.stamp({ type: 'audit.overflowed', by: { kind: 'SYSTEM' }, details: { dropped } }));
  }
}
