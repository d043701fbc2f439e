import { setTimeout as rest } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import { before, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { inTransaction } from '../platform/transaction.ts';
import { takeWorkLock } from '../platform/work-lock.repository.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import type { AuditTrail } from './audit-trail.ts';
import { toName } from './event-details.ts';
import type { HeadFile } from './head-file.ts';
import { findNewestOfTypes } from './verification.repository.ts';
import { verifyTrail } from './verify-trail.ts';

export interface ScheduledVerificationParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly headFile: HeadFile;
  readonly everySeconds: number;
}

/** The events that tell how a verification ended. */
export const VERIFICATION_EVENTS = ['audit.verified', 'audit.broken'] as const;

const POLL_MS = 60_000;
/** After each few thousand events, so that requests come first. */
const REST_MS = 20;

/** Verifies the whole trail now and then, on one node at a time. What it finds is an event of the trail, and stands in the log. */
export class ScheduledVerification {
  readonly #parts: ScheduledVerificationParts;
  readonly #startedAt: Date;
  #loop: WorkerLoop | undefined;
  #stopping = false;

  constructor(parts: ScheduledVerificationParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  start(): void {
    const { logger } = this.#parts;
    this.#loop ??= startWorkerLoop({ name: 'audit verification', pollMs: POLL_MS, logger, step: () => this.step() });
  }

  /** Leaves a verification under way: another node, or the next start, does it from the beginning. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop?.stop();
  }

  /** Verifies where it is time to. Always false: there is nothing to do at once again. */
  async step(): Promise<boolean> {
    const { database } = this.#parts;
    if (!(await this.#isDue(database.manager))) return false;
    await inTransaction(database, async (tx) => {
      if ((await takeWorkLock(tx, 'audit-verify')) && (await this.#isDue(tx))) await this.verify(tx);
    }).catch((error: unknown) => {
      if (!this.#stopping) throw error;
    });
    return false;
  }

  /** Verifies, and records what it found. */
  async verify(tx: EntityManager): Promise<void> {
    const { keyring, clock, headFile, audit, logger } = this.#parts;
    const kept = await headFile.read();
    const progress = async () => {
      if (this.#stopping) throw new Error('The server stops');
      await rest(REST_MS);
    };
    const { broken, sealedEvents } = await verifyTrail(tx, { keyring, clock, heads: kept ? [kept] : [], progress });
    const by = { kind: 'SYSTEM' } as const;
    if (!broken) {
      await audit.record(tx, { type: 'audit.verified', by, details: { events: sealedEvents } });
      return;
    }
    const { fault, eventId, message } = broken;
    logger.error('the audit trail is broken: see docs/audit.md', { fault, event: eventId, found: message });
    const subjectId = eventId === undefined ? undefined : toName(eventId);
    await audit.record(tx, { type: 'audit.broken', by, subjectId, details: { fault, events: sealedEvents } });
  }

  /** Not in the first minute: what a crash left unsealed is sealed first. */
  async #isDue(manager: EntityManager): Promise<boolean> {
    const { clock, everySeconds } = this.#parts;
    const now = clock.now();
    if (now.getTime() - this.#startedAt.getTime() < POLL_MS) return false;
    const [last] = await findNewestOfTypes(manager, VERIFICATION_EVENTS, 1);
    return last === undefined || last.at <= before(now, everySeconds);
  }
}
