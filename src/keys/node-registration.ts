import type { DataSource } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import { KeyringError, parseKeyringText } from '../crypto/keyring-text.ts';
import type { Clock } from '../platform/clock.ts';
import type { NodeId } from '../platform/ids.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { deleteNode, markAlive } from './nodes.repository.ts';

interface RegistrationParts {
  readonly database: DataSource;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The host's name, for people. */
  readonly name: string;
  /** The keyring's text as it is now, where it is a file; undefined where only a restart reads it again. */
  readonly rereadKeyring: (() => Promise<string>) | undefined;
}

const BEAT_MS = 2_000;

/**
 * Tells the others, every few seconds, that this server runs and which root keys it holds; and reads a keyring file again
 * first, so that a key that was added is held and registered without a restart.
 */
export class NodeRegistration {
  readonly #parts: RegistrationParts;
  readonly #id: NodeId;
  #loop: WorkerLoop | undefined;
  #read: string | undefined;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
    this.#id = uuidv7(parts.clock, parts.random) as NodeId;
  }

  /** Registers, and goes on doing so. */
  async start(): Promise<void> {
    await this.beat();
    const { logger } = this.#parts;
    const step = () => this.beat().then(() => false);
    this.#loop = startWorkerLoop({ name: 'node registration', pollMs: BEAT_MS, logger, step });
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
    // Where the database is out of reach, the row ages out by itself.
    await deleteNode(this.#parts.database.manager, this.#id).catch(() => undefined);
  }

  /** One sign of life. A keyring that cannot be read or used is logged, and the one in memory stays. */
  async beat(): Promise<void> {
    const { database, keyring, name } = this.#parts;
    await this.#reread();
    await markAlive(database.manager, { id: this.#id, name, keys: keyring.names() });
  }

  async #reread(): Promise<void> {
    const { keyring, logger, rereadKeyring } = this.#parts;
    if (!rereadKeyring) return;
    try {
      const text = await rereadKeyring();
      if (text === this.#read) return;
      const isFirst = this.#read === undefined;
      // Tried once and complained of once, whatever becomes of it.
      this.#read = text;
      keyring.adopt(parseKeyringText(text));
      if (!isFirst) logger.info('keyring read again', { keys: keyring.names().held.length });
    } catch (error) {
      logger.error('the keyring cannot be read again; the one in memory stays', {
        ...errorFacts(error),
        problem: error instanceof KeyringError ? error.message : undefined,
      });
    }
  }
}
