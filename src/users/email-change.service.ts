import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { indexesOf } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { open, seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction, isUniqueViolation } from '../platform/transaction.ts';
import { type AddressJobs, jobOrigin } from './address-jobs.ts';
import { changeEmail, displaceUnverified, revertEmail } from './email-change.repository.ts';
import { holdActor } from './held-actor.repository.ts';
import type { MailTokenRow } from './mail-tokens.repository.ts';
import { invalidToken, type MailTokens, tokenPlace } from './mail-tokens.ts';
import type { TokenPurpose } from './one-time-token.entity.ts';
import { ownAct } from './own-act.ts';
import type { ViewerWithUser } from './profile.service.ts';
import type { SessionEnding } from './session-ending.port.ts';
import type { CredentialRecord, UserRecord } from './user.record.ts';
import { ADDRESS_TAKEN } from './user-creation.repository.ts';
import type { UserMails } from './user-mails.ts';
import { findCredentials } from './users.repository.ts';

interface EmailChangeParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly jobs: AddressJobs;
  readonly tokens: MailTokens;
  readonly endings: SessionEnding;
  readonly mails: UserMails;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a mailed token brings: whose it is, the address in it, and the key that their values are sealed under. */
interface Move {
  readonly token: MailTokenRow;
  readonly user: CredentialRecord;
  readonly address: string;
  readonly key: SealingKey;
}

type BlindIndexes = ReturnType<typeof indexesOf>;

/** Moving an account to another address, and back. */
export class EmailChangeService {
  readonly #parts: EmailChangeParts;

  constructor(parts: EmailChangeParts) {
    this.#parts = parts;
  }

  /** Mails a token to the new address and a notice to the old one. The same work whether the new one is taken or not. */
  async request(context: RequestContext<ViewerWithUser>, address: string): Promise<void> {
    const { database, jobs, clock } = this.#parts;
    const viewer = await context.getViewer();
    await inTransaction(database, async (tx) => {
      await holdActor(tx, viewer, clock.now());
      await jobs.add(tx, { kind: 'CHANGE_EMAIL', userId: viewer.userId, address, from: jobOrigin(context) });
    });
    jobs.wake();
  }

  /**
   * Moves the viewer's account to the address that the token was mailed to, ends their other sessions, and mails the old address
   * a token to undo it with. Throws INVALID_TOKEN, also for another's token, and CONFLICT where the address is taken by now.
   */
  async confirm(context: RequestContext<ViewerWithUser>, text: string): Promise<UserRecord> {
    const viewer = await context.getViewer();
    const move = await this.#read(text, 'CHANGE_EMAIL');
    if (move.user.id !== viewer.userId) throw invalidToken();
    const { audit, dataKeys, tokens, endings, mails, clock } = this.#parts;
    const changed = await this.#inTransaction(async (tx) => {
      const facts = { email: this.#sealEmail(move), indexes: this.#indexes(move), now: clock.now() };
      await this.#makeWay(tx, context, move, facts.indexes);
      if (!(await changeEmail(tx, move.user, facts))) throw changedMeanwhile();
      await holdActor(tx, viewer, clock.now());
      await tokens.use(tx, move.token);
      const ended = await endings.endAll(tx, viewer.userId, viewer.sessionId);
      const before = this.#addressOf(move);
      await audit.record(tx, {
        type: 'email.changed',
        ...ownAct(context, move.user, dataKeys),
        details: { endedSessions: ended.length },
        personal: { address: before },
      });
      // As read before the change, so this goes to the address that was taken away.
      await mails.sendToken(tx, move.user, 'REVERT_EMAIL', 'email-changed', { payload: before });
      return this.#reread(tx, move.user);
    });
    mails.wake();
    return changed;
  }

  /**
   * Gives the account its old address back, ends every session, and takes the password away, which an intruder may have set. A
   * token to set another is mailed. Throws INVALID_TOKEN, and CONFLICT where the old address has another account by now.
   */
  async revert(context: RequestContext, text: string): Promise<void> {
    const move = await this.#read(text, 'REVERT_EMAIL');
    const { audit, dataKeys, tokens, endings, mails, clock } = this.#parts;
    await this.#inTransaction(async (tx) => {
      const facts = { email: this.#sealEmail(move), indexes: this.#indexes(move), now: clock.now() };
      await this.#makeWay(tx, context, move, facts.indexes);
      if (!(await revertEmail(tx, move.user, facts))) throw changedMeanwhile();
      await tokens.use(tx, move.token);
      const ended = await endings.endAll(tx, move.user.id);
      await audit.record(tx, {
        type: 'email.reverted',
        ...ownAct(context, move.user, dataKeys),
        details: { endedSessions: ended.length },
        personal: { address: this.#addressOf(move) },
      });
      await mails.sendToken(tx, await this.#reread(tx, move.user), 'RESET_PASSWORD', 'reset-password');
    });
    mails.wake();
  }

  async #read(text: string, purpose: TokenPurpose): Promise<Move> {
    const { database, tokens, dataKeys } = this.#parts;
    const token = await tokens.get(database.manager, text, [purpose]);
    const user = await findCredentials(database.manager, token.userId);
    if (!user?.dataKey || !token.dataKey || token.payload === null) throw invalidToken();
    const address = open(dataKeys.unwrap(token.dataKey), tokenPlace(token.id), token.payload);
    return { token, user, key: dataKeys.unwrap(user.dataKey), address };
  }

  async #inTransaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(this.#parts.database, work);
    } catch (error) {
      if (isUniqueViolation(error, ADDRESS_TAKEN))
        throw new AppError('CONFLICT', 'This address has an account by now.');
      throw error;
    }
  }

  /** The address is proved to be this person's: a registration of it that nobody verified goes. */
  async #makeWay(tx: EntityManager, context: RequestContext, { user }: Move, indexes: BlindIndexes): Promise<void> {
    const { audit, dataKeys } = this.#parts;
    for (const subjectId of await displaceUnverified(tx, indexes)) {
      const { by } = ownAct(context, user, dataKeys);
      await audit.record(tx, { type: 'registration.displaced', by, subjectId, details: {} });
    }
  }

  async #reread(tx: EntityManager, { id }: UserRecord): Promise<UserRecord> {
    const user = await findCredentials(tx, id);
    if (!user) throw invalidToken();
    return user;
  }

  #sealEmail({ user, key, address }: Move) {
    return seal<string>(key, { table: 'users', column: 'email', rowId: user.id }, address, this.#parts.random);
  }

  #indexes({ address }: Move) {
    return indexesOf(this.#parts.keyring, canonicalAddress(address));
  }

  #addressOf({ user, key }: Move): string {
    return user.email === null ? '' : open(key, { table: 'users', column: 'email', rowId: user.id }, user.email);
  }
}

const changedMeanwhile = () => new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
