import type { DataSource, EntityManager } from 'typeorm';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DayKeys } from '../audit/day-keys.ts';
import { toName } from '../audit/event-details.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { SealingKey } from '../crypto/keyring.ts';
import { open, SealBroken, seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import type { UserId } from '../platform/ids.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '../platform/worker-loop.ts';
import { checkAddress } from './mail-address.ts';
import type { MailContent } from './mail-content.ts';
import type { Mail } from './mail-kinds.ts';
import type { MailTransport } from './mail-transport.ts';
import {
  type ClaimedMail,
  claimMails,
  deleteMail,
  findDataKey,
  findWaitingMails,
  insertMail,
  postponeMail,
} from './mails.repository.ts';
import { renderMail } from './render-mail.ts';

const BATCH = 8;
const POLL_MS = 3_000;
/** A send takes no longer, and a claim outlasts it: else two senders would have one mail. */
const SEND_MS = 45_000;
const CLAIM_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 3_600_000;
const GIVE_UP_MS = 3 * 86_400_000;

/** Whose mail it is, and that person's data key, under which it waits. */
export interface MailOwner {
  readonly userId: UserId;
  readonly key: SealingKey;
}

/** A mail on its way to a person. */
export interface WaitingMail {
  readonly to: string;
  readonly subject: string;
  readonly createdAt: Date;
}

export interface MailOutboxParts {
  readonly database: DataSource;
  readonly dataKeys: DataKeys;
  readonly dayKeys: DayKeys;
  readonly audit: AuditTrail;
  readonly transport: MailTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What links begin with, without a trailing slash. */
  readonly appUrl: string;
}

const placeOf = (id: string) => ({ table: 'mails', column: 'content', rowId: id });

/**
 * The durable way out for mails: a sealed row in the change's own transaction, sent after it, tried again until a server has it. A crash
 * or a dead mail server loses no mail and holds up no answer. At least once: a crash between acceptance and the delete sends twice.
 */
export class MailOutbox {
  readonly #parts: MailOutboxParts;
  #loop: WorkerLoop | undefined;

  constructor(parts: MailOutboxParts) {
    this.#parts = parts;
  }

  /**
   * Writes the mail in the caller's transaction; call `wake` once that has committed. Without `owner` (the account is gone) it waits
   * under a day key. Throws a TypeError for what is not one plain address.
   */
  async enqueue(tx: EntityManager, mail: Mail, owner?: MailOwner): Promise<void> {
    const { clock, random, dayKeys, appUrl } = this.#parts;
    checkAddress(mail.to);
    const id = uuidv7(clock, random);
    const now = clock.now();
    const key = owner?.key ?? (await dayKeys.getToday(tx, 'DAYS_30'));
    await insertMail(tx, {
      id,
      userId: owner?.userId ?? null,
      keyKind: owner === undefined ? 'DAY' : 'DATA',
      keyId: key.id,
      content: seal<MailContent>(key, placeOf(id), renderMail(mail, appUrl), random),
      nextAttemptAt: now,
      createdAt: now,
    });
  }

  /**
   * What waits for one person, oldest first; without the text, which may hold a token. `keys`: all data keys of theirs by id, since
   * a mail from before a reseal waits under the one before. Throws SealBroken.
   */
  async listWaiting(
    tx: EntityManager,
    { userId, keys }: { readonly userId: UserId; readonly keys: ReadonlyMap<string, SealingKey> },
  ): Promise<readonly WaitingMail[]> {
    const mails = await findWaitingMails(tx, userId);
    return mails.map(({ id, keyId, content, createdAt }) => {
      const key = keys.get(keyId);
      if (!key) throw new SealBroken(placeOf(id), keyId);
      const { to, subject } = open(key, placeOf(id), content);
      return { to, subject, createdAt };
    });
  }

  /** Begins to send: at once when woken, and every few seconds for what other nodes left behind. */
  start(): void {
    const { logger } = this.#parts;
    this.#loop ??= startWorkerLoop({ name: 'mail', pollMs: POLL_MS, logger, step: () => this.sendDue() });
  }

  wake(): void {
    this.#loop?.wake();
  }

  /** Waits `withinMs` at most for the mails under way. What is not through by then stays in the table. */
  async stop(withinMs = 3_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#loop?.stop(), deadline]);
    clearTimeout(timer);
    await this.#parts.transport.close();
  }

  /** Sends one batch of what is due; false when nothing is. */
  async sendDue(): Promise<boolean> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const mails = await claimMails(database.manager, { now, until, limit: BATCH });
    await Promise.all(mails.map((mail) => this.#send(mail)));
    return mails.length > 0;
  }

  async #send(mail: ClaimedMail): Promise<void> {
    const { database, transport, logger } = this.#parts;
    const { manager } = database;
    try {
      const content = await this.#open(mail);
      if (content === undefined) return await this.#abandon(mail, 'UNREADABLE');
      await withDeadline(transport.send({ id: mail.id, content }), SEND_MS);
    } catch (error) {
      logger.warn('a mail could not be sent yet', { mail: mail.id, attempts: mail.attempts, ...errorFacts(error) });
      return this.#postpone(mail);
    }
    await deleteMail(manager, mail.id);
  }

  /** Undefined for good: the key was deleted with its person or its day, or the row was tampered with. */
  async #open({ id, keyKind, keyId, content }: ClaimedMail): Promise<MailContent | undefined> {
    try {
      const key = await (keyKind === 'DATA' ? this.#dataKey(keyId) : this.#dayKey(keyId));
      return key && open(key, placeOf(id), content);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      this.#parts.logger.error('a sealed mail does not open: it was changed or moved', { mail: id });
      return undefined;
    }
  }

  async #dataKey(id: string): Promise<SealingKey | undefined> {
    const row = await findDataKey(this.#parts.database.manager, id);
    return row && this.#parts.dataKeys.unwrap(row);
  }

  #dayKey(id: string): Promise<SealingKey | undefined> {
    return this.#parts.dayKeys.findById(this.#parts.database.manager, id);
  }

  async #postpone(mail: ClaimedMail): Promise<void> {
    const { database, clock, random } = this.#parts;
    const nowMs = clock.now().getTime();
    if (nowMs - mail.createdAt.getTime() > GIVE_UP_MS) return this.#abandon(mail, 'TOO_OLD');
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (mail.attempts - 1), LAST_RETRY_MS);
    // Up to a quarter more, so that what failed together does not come back together.
    const jitterMs = (waitMs / 4) * (random.bytes(1).readUInt8() / 255);
    await postponeMail(database.manager, mail.id, new Date(nowMs + waitMs + jitterMs));
  }

  async #abandon({ id, userId, attempts }: ClaimedMail, reason: 'TOO_OLD' | 'UNREADABLE'): Promise<void> {
    const { database, audit, logger } = this.#parts;
    await inTransaction(database, async (tx) => {
      await deleteMail(tx, id);
      await audit.record(tx, {
        type: 'mail.abandoned',
        by: { kind: 'SYSTEM' },
        subjectId: userId ?? undefined,
        details: { mail: toName(id), reason, attempts },
      });
    });
    logger.error('a mail was given up', { mail: id, reason, attempts });
  }
}

async function withDeadline(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })), ms);
    timer.unref();
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
