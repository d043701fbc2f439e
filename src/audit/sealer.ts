import type { DataSource, EntityManager } from 'typeorm';
import { auditSigner } from '../crypto/audit-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Clock } from '../platform/clock.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { inTransaction, isUniqueViolation } from '../platform/transaction.ts';
import { takeWorkLock } from '../platform/work-lock.repository.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { introduceKey, type TrustedAuditKeys, trustKeys } from './audit-key-chain.ts';
import type { AuditTrail } from './audit-trail.ts';
import { toName } from './event-details.ts';
import type { HeadFile } from './head-file.ts';
import { HeadKeeper } from './head-keeper.ts';
import { type BatchOutcome, sealBatch, type UnsealableEvent } from './seal-batch.ts';
import { findAuditKeys, insertAuditKey } from './seals.repository.ts';

export interface SealerParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: string;
  readonly headFile: HeadFile;
}

const POLL_MS = 1_000;
const BATCH = 2_000;
/** A broken event is looked at again after this long: another node's newer keyring may hold its key. */
const AGAIN_MS = 60_000;
const STOP_MS = 3_000;

/**
 * Seals the trail: every second it takes the events that have been committed, gives them positions, and signs the head of their
 * batch. It locks nothing that a request waits for: it only adds rows, and takes its own off the queue.
 */
export class Sealer {
  readonly #parts: SealerParts;
  readonly #heads: HeadKeeper;
  readonly #unsealable = new Set<string>();
  #forgetAtMs = 0;
  #loop: WorkerLoop | undefined;

  constructor(parts: SealerParts) {
    this.#parts = parts;
    this.#heads = new HeadKeeper(parts);
  }

  /** Makes sure that the keyring is the trail's: throws an Error that says what to do where it is another's. */
  async load(): Promise<void> {
    await inTransaction(this.#parts.database, (tx) => this.#trust(tx));
  }

  start(): void {
    const { logger } = this.#parts;
    this.#loop ??= startWorkerLoop({ name: 'audit sealer', pollMs: POLL_MS, logger, step: () => this.step() });
  }

  /** Seals what is left, within 3 s: an event outlives the server unsealed only where the database is gone too. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_MS);
    });
    const tail = (async () => {
      await this.#loop?.stop();
      while (await this.step());
    })();
    const failed = (error: unknown) =>
      this.#parts.logger.error('the last audit events were not sealed: the next start does it', errorFacts(error));
    await Promise.race([tail.catch(failed), deadline]);
    clearTimeout(timer);
  }

  /** One batch. Whether there may be more at once. */
  async step(): Promise<boolean> {
    const { database } = this.#parts;
    const nowMs = this.#parts.clock.now().getTime();
    if (nowMs >= this.#forgetAtMs) {
      this.#forgetAtMs = nowMs + AGAIN_MS;
      this.#unsealable.clear();
    }
    let outcome: BatchOutcome | undefined;
    try {
      outcome = await inTransaction(database, async (tx) =>
        (await takeWorkLock(tx, 'audit-seal')) ? this.#seal(tx) : undefined,
      );
    } catch (error) {
      // Another node sealed meanwhile; its batch counts.
      if (!isUniqueViolation(error, 'audit_seals_previous_key') && !isUniqueViolation(error, 'audit_seals_pkey'))
        throw error;
    }
    await this.#heads.keep(database.manager, { logs: this.#loop !== undefined });
    return outcome?.isFull === true;
  }

  async #seal(tx: EntityManager): Promise<BatchOutcome> {
    const keys = await this.#trust(tx);
    const outcome = await sealBatch(tx, this.#parts, keys, { passOver: [...this.#unsealable], limit: BATCH });
    const [worst] = outcome.unsealable;
    if (worst) await this.#report(tx, worst, outcome.unsealable);
    return outcome;
  }

  /** Once a batch, however many were planted: a flood of them must not become a flood of events. */
  async #report(tx: EntityManager, first: UnsealableEvent, all: readonly UnsealableEvent[]): Promise<void> {
    const { audit, logger } = this.#parts;
    for (const { id } of all) this.#unsealable.add(id);
    logger.error('the audit trail was tampered with: these events are not sealed', {
      first: first.id,
      fault: first.fault,
      events: all.length,
    });
    await audit.record(tx, {
      type: 'audit.unsealable',
      by: { kind: 'SYSTEM' },
      subjectId: toName(first.id),
      details: { fault: first.fault, events: all.length },
    });
  }

  /** The keys that go back to the root of trust; the keyring's active one is introduced by the newest where it is not among them. */
  async #trust(tx: EntityManager): Promise<TrustedAuditKeys> {
    const { keyring } = this.#parts;
    const keys = trustKeys(await findAuditKeys(tx), keyring.auditRoot);
    const activeId = keyring.active('audit').id;
    if (keys.newestId === undefined) {
      await this.#introduce(tx, this.#rootId(), '');
      return this.#trust(tx);
    }
    // The batch that holds the introduction is still signed by the key that introduces.
    if (!keys.ids.has(activeId)) await this.#introduce(tx, activeId, keys.newestId);
    return keys;
  }

  #rootId(): string {
    const { keyring } = this.#parts;
    const root = keyring.all('audit').find(({ id }) => auditSigner(keyring, id).thumbprint === keyring.auditRoot);
    if (root) return root.id;
    throw new Error(
      'The keyring no longer holds its first audit key, which a new audit trail begins with: use a new keyring',
    );
  }

  async #introduce(tx: EntityManager, id: string, previous: string): Promise<void> {
    const { keyring, clock, audit, logger } = this.#parts;
    const introduced = auditSigner(keyring, id);
    const isFirst = previous === '';
    const isMine = await insertAuditKey(tx, {
      id,
      previous,
      publicKey: Buffer.from(introduced.publicJwk.x, 'base64url'),
      introduction: introduceKey(isFirst ? introduced : auditSigner(keyring, previous), introduced),
      introducedAt: clock.now(),
    });
    if (!isMine) return;
    const what = isFirst ? 'the root of trust of the audit trail: keep a copy elsewhere' : 'a new audit key';
    logger.info(what, { key: id, fingerprint: introduced.thumbprint });
    const details = { fingerprint: toName(introduced.thumbprint), by: toName(isFirst ? id : previous) };
    await audit.record(tx, { type: 'audit_key.introduced', by: { kind: 'SYSTEM' }, subjectId: toName(id), details });
  }
}
