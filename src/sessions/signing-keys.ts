import type { DataSource, EntityManager } from 'typeorm';
import type { Actor } from '../audit/audit-event.ts';
import { type AuditTrail } from '../audit/audit-trail.ts';
import { toName } from '../audit/event-details.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { createSigningKey, type KeySet, openKeySet, type SigningAlgorithm, toJwks } from '../crypto/signing-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { takeWorkLock } from '../platform/work-lock.repository.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { nextStep, readyAt, type SigningKeyStep } from './signing-key-schedule.ts';
import {
  deleteSigningKeys,
  findSigningEpoch,
  findSigningKeys,
  insertSigningKey,
  moveSigningEpoch,
  promoteSigningKey,
  revokeSigningKeys,
  type StoredSigningKey,
} from './signing-keys.repository.ts';

interface SigningKeysParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly algorithm: SigningAlgorithm;
  /** How long a key signs before the next one does. */
  readonly rotateSeconds: number;
}

/** How often a node looks for other keys, and whether it is time to change them. */
const POLL_MS = 10_000;
/** Tokens of unknown keys come from anybody: they make a node look no more often than this. */
const LOOK_MS = 1_000;

/**
 * The keys that sign access tokens: shared by all nodes through the database, private halves sealed under the system key. They
 * rotate by themselves, on whichever node is first: next, published before it signs; current; retired, published until its last
 * token has expired.
 */
export class SigningKeys {
  readonly #parts: SigningKeysParts;
  #keys: KeySet | undefined;
  #stored: readonly StoredSigningKey[] = [];
  #epoch: number | null = null;
  #loading: Promise<void> | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #loop: WorkerLoop | undefined;

  constructor(parts: SigningKeysParts) {
    this.#parts = parts;
  }

  /** Reads the keys, and makes the first one on a new database. Throws SealBroken or KeyMissing where the keyring is another. */
  async load(): Promise<void> {
    await this.#read();
    if (this.#stored.some(({ state }) => state === 'CURRENT')) return;
    await inTransaction(this.#parts.database, (tx) => this.#take(tx));
    await this.#read();
  }

  /** Goes on looking, every few seconds, for keys that others have changed and for what is due. */
  start(): void {
    const { logger } = this.#parts;
    this.#loop = startWorkerLoop({ name: 'signing keys', pollMs: POLL_MS, logger, step: () => this.step() });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** Reads the keys where they are others now, and takes the step that is due. Whether there may be another one. */
  async step(): Promise<boolean> {
    const { database } = this.#parts;
    if ((await findSigningEpoch(database.manager)) !== this.#epoch) await this.#read();
    if (this.#due(this.#stored) === undefined) return false;
    const isTaken = await inTransaction(
      database,
      async (tx) => (await takeWorkLock(tx, 'signing-keys')) && this.#take(tx),
    );
    if (isTaken) await this.#read();
    return isTaken;
  }

  /** The keys as last read. TypeError before the first `load`. */
  get keySet(): KeySet {
    if (!this.#keys) throw new TypeError('The signing keys are not loaded yet.');
    return this.#keys;
  }

  /** What `/.well-known/jwks.json` answers. */
  jwks() {
    return toJwks(this.keySet);
  }

  /**
   * Whether tokens of the key `kid` are still taken, as of the `epoch` that this very request has read: another number than the
   * one known here means that a key was changed or revoked, on whatever node, and they are read anew.
   */
  async isGood(kid: string, epoch: number | null): Promise<boolean> {
    if (epoch !== this.#epoch) await this.#readOnce();
    return this.keySet.byKid.has(kid);
  }

  /** A token came whose key is unknown here: another node may have made it just now. */
  async look(): Promise<void> {
    const nowMs = this.#parts.clock.now().getTime();
    if (nowMs - this.#lookedMs < LOOK_MS) return this.#loading;
    this.#lookedMs = nowMs;
    if ((await findSigningEpoch(this.#parts.database.manager)) !== this.#epoch) await this.#readOnce();
  }

  /** The next key signs from now on. Throws an Error that says from when on it may, where verifiers may not know it yet. */
  async promote(by: Actor): Promise<string> {
    const { database, clock } = this.#parts;
    return inTransaction(database, async (tx) => {
      await moveSigningEpoch(tx);
      const next = (await findSigningKeys(tx)).find(({ state }) => state === 'NEXT');
      if (!next) throw new Error('No next key is published yet: the server publishes one within seconds');
      const ready = readyAt(next);
      if (clock.now() < ready) {
        throw new Error(
          `The next key is not published for long enough: services that cache the keys know it from ${ready.toISOString()} on. Try again then; --now is for incidents`,
        );
      }
      await this.#apply(tx, { do: 'PROMOTE', id: next.id }, by);
      return next.id;
    });
  }

  /**
   * For an incident: revokes every key there is, and with them all access tokens, on every node from its next request on. The
   * new key is known to nobody before it signs. Answers its id.
   */
  async replaceAll(by: Actor): Promise<string> {
    const { database, audit, clock } = this.#parts;
    return inTransaction(database, async (tx) => {
      await moveSigningEpoch(tx);
      for (const id of await revokeSigningKeys(tx, clock.now())) {
        await audit.record(tx, { type: 'signing_key.revoked', by, subjectId: toName(id), details: {} });
      }
      return this.#make(tx, 'CURRENT', by);
    });
  }

  /** One reading at a time serves all who wait; it begins after they asked, or their epoch would be older than it. */
  #readOnce(): Promise<void> {
    const reading = (this.#loading ?? Promise.resolve()).catch(() => undefined).then(() => this.#read());
    this.#loading = reading.finally(() => {
      if (this.#loading === reading) this.#loading = undefined;
    });
    return reading;
  }

  async #read(): Promise<void> {
    const { database, keyring } = this.#parts;
    // The number first: whatever changes after it is read is met again.
    const epoch = await findSigningEpoch(database.manager);
    const stored = await findSigningKeys(database.manager);
    this.#stored = stored;
    if (!stored.some(({ state }) => state === 'CURRENT')) return;
    this.#keys = openKeySet(keyring, stored);
    this.#epoch = epoch;
  }

  #due(keys: readonly StoredSigningKey[]): SigningKeyStep | undefined {
    const { algorithm, rotateSeconds, clock } = this.#parts;
    return nextStep(keys, { algorithm, rotateSeconds, now: clock.now() });
  }

  /** Takes the step that is due by what stands in the database, with every other node kept from it. */
  async #take(tx: EntityManager): Promise<boolean> {
    await moveSigningEpoch(tx);
    const step = this.#due(await findSigningKeys(tx));
    if (step !== undefined) await this.#apply(tx, step, { kind: 'SYSTEM' });
    return step !== undefined;
  }

  async #apply(tx: EntityManager, step: SigningKeyStep, by: Actor): Promise<void> {
    const { audit, clock } = this.#parts;
    if (step.do === 'BEGIN') await this.#make(tx, 'CURRENT', by);
    if (step.do === 'PUBLISH') await this.#make(tx, 'NEXT', by);
    if (step.do === 'REMOVE') await deleteSigningKeys(tx, step.ids);
    if (step.do === 'PROMOTE') {
      await promoteSigningKey(tx, step.id, clock.now());
      await audit.record(tx, { type: 'signing_key.rotated', by, subjectId: toName(step.id), details: {} });
    }
  }

  async #make(tx: EntityManager, state: 'CURRENT' | 'NEXT', by: Actor): Promise<string> {
    const { audit, keyring, clock, random, algorithm } = this.#parts;
    const record = await createSigningKey(algorithm, { keyring, clock, random });
    const currentAt = state === 'CURRENT' ? clock.now() : null;
    await insertSigningKey(tx, { ...record, state, currentAt, retiredAt: null });
    const details = { alg: algorithm };
    await audit.record(tx, { type: 'signing_key.created', by, subjectId: toName(record.id), details });
    return record.id;
  }
}
