import type { EntityManager } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { trustKeys } from './audit-key-chain.ts';
import type { HeadFile } from './head-file.ts';
import { isHeadKnown } from './known-heads.ts';
import { findAuditKeys, findNewestSeal, findSeal, type StoredSeal } from './seals.repository.ts';

interface HeadKeeperParts {
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly headFile: HeadFile;
}

const LOG_MS = 60_000;

/**
 * Carries the newest head to DATA_DIR and the log. Never over a head that the database does not know any more: that file is then
 * the one proof that the database was rolled back.
 */
export class HeadKeeper {
  readonly #parts: HeadKeeperParts;
  #kept: Pick<StoredSeal, 'id' | 'head'> | undefined;
  #complained: string | undefined;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: HeadKeeperParts) {
    this.#parts = parts;
  }

  /** `logs`: of a server alone. A command ends at once, and whoever typed it reads its output. */
  async keep(manager: EntityManager, { logs }: { readonly logs: boolean }): Promise<void> {
    const { headFile, logger, clock } = this.#parts;
    const newest = await findNewestSeal(manager);
    if (newest !== undefined && newest.head === this.#kept?.head) return;
    const kept = await headFile.read();
    if (kept !== undefined && !(await this.#isKnown(manager, kept))) {
      if (this.#complained !== kept)
        logger.error('the audit trail lacks a head that this node has seen: it was rolled back', { head: kept });
      this.#complained = kept;
      return;
    }
    if (newest === undefined) return;
    if (kept !== newest.head) await headFile.write(newest.head);
    this.#kept = newest;
    const nowMs = clock.now().getTime();
    if (!logs || nowMs - this.#loggedMs < LOG_MS) return;
    this.#loggedMs = nowMs;
    logger.info('the newest head of the audit trail', { head: newest.head });
  }

  async #isKnown(manager: EntityManager, kept: string): Promise<boolean> {
    if (this.#kept?.head === kept && (await findSeal(manager, this.#kept.id))?.head === kept) return true;
    const { keyring } = this.#parts;
    return isHeadKnown(manager, keyring, trustKeys(await findAuditKeys(manager), keyring.auditRoot), kept);
  }
}
