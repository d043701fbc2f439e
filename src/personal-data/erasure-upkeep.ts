import type { DataSource } from 'typeorm';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { inTransaction } from '../platform/transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { lockPower } from '../roles/power.repository.ts';
import { lockUsers } from '../users/administration.repository.ts';
import { keepAdministrator } from '../users/administration.ts';
import { findUser } from '../users/users.repository.ts';
import { erasePerson } from './erase-person.ts';
import { type ErasedList, parseErasures } from './erased-list.ts';
import { findErasures, findUnerased, vacuumDataKeys } from './erasure.repository.ts';

const POLL_MS = 60_000;
/** Longer than any transaction takes to commit: one that began before the last look is seen by the next. */
const OVERLAP_MS = 3_600_000;

interface UpkeepParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly list: ErasedList;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs work as the owner of the tables, on a connection of its own. */
  readonly asOwner: <T>(work: (owner: DataSource) => Promise<T>) => Promise<T>;
}

/** What follows an erasure outside its transaction, and what holds a restored backup to the erasures it does not know. */
export class ErasureUpkeep {
  readonly #parts: UpkeepParts;
  #loop: WorkerLoop | undefined;
  #listedTo = new Date(0);
  #hasDeadRows = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /**
   * Erases again who stands in the list and is a person in the database: it was restored from before their erasure. Answers how
   * many. Before the first request, so that nobody reads them meanwhile. `others`: lists of other nodes, added to this one's.
   */
  async reapply(others: readonly string[] = []): Promise<number> {
    const { database, list, logger } = this.#parts;
    await list.add(others.flatMap(parseErasures));
    let erased = 0;
    for (const id of await findUnerased(database.manager, [...(await list.read())])) {
      if (await this.#eraseAgain(id)) erased += 1;
    }
    if (erased === 0) return 0;
    logger.warn('the database was restored: people erased since then were erased again', { erased });
    // Here, and not by the loop: a command has none.
    await this.#vacuum();
    return erased;
  }

  /** False where another node was here first, and where the person is the last administrator: that waits for another one. */
  async #eraseAgain(id: UserId): Promise<boolean> {
    const { database, audit, clock, logger } = this.#parts;
    try {
      return await inTransaction(database, async (tx) => {
        await lockPower(tx, 'change');
        await lockUsers(tx, [id]);
        const subject = await findUser(tx, id);
        if (!subject || subject.status === 'ERASED') return false;
        const event = {
          type: 'user.erased',
          by: { kind: 'SYSTEM' },
          subjectId: id,
          details: { by: 'RESTORE' },
        } as const;
        await erasePerson(tx, { audit, clock }, subject, event);
        await keepAdministrator(tx, { subject });
        return true;
      });
    } catch (error) {
      // A drained pool, say, is no reason to let a person stay who was erased: the start fails, and is made again.
      if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
      logger.error('somebody who was erased is the last administrator now: make another, then run gatehouse restore', {
        user: id,
      });
      return false;
    }
  }

  /** Begins to copy erasures of every node to the list, each minute and when woken. */
  start(): void {
    const { logger } = this.#parts;
    this.#loop ??= startWorkerLoop({ name: 'erasures', pollMs: POLL_MS, logger, step: () => this.#step() });
  }

  /** Somebody was erased on this node. */
  wake(): void {
    this.#hasDeadRows = true;
    this.#loop?.wake();
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** Copies to the list what it lacks. */
  async copyToList(): Promise<void> {
    const { database, list, clock } = this.#parts;
    const until = clock.now();
    await list.add(await findErasures(database.manager, this.#listedTo));
    this.#listedTo = new Date(until.getTime() - OVERLAP_MS);
  }

  async #step(): Promise<boolean> {
    await this.copyToList();
    if (this.#hasDeadRows) {
      this.#hasDeadRows = false;
      await this.#vacuum();
    }
    return false;
  }

  async #vacuum(): Promise<void> {
    try {
      await this.#parts.asOwner((owner) => vacuumDataKeys(owner.manager));
    } catch (error) {
      // Autovacuum comes by later; docs/personal-data.md says what that means.
      this.#parts.logger.error('the dead rows of erased data keys were not vacuumed', errorFacts(error));
    }
  }
}
