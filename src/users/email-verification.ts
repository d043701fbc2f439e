import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { type AddressJobs, jobOrigin } from './address-jobs.ts';
import { clearProfile, markVerified } from './email-verification.repository.ts';
import { invalidToken, type MailTokens } from './mail-tokens.ts';
import { ownAct } from './own-act.ts';
import type { CredentialRecord } from './user.record.ts';
import type { UserMails } from './user-mails.ts';
import { findCredentials } from './users.repository.ts';

interface EmailVerificationParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly jobs: AddressJobs;
  readonly tokens: MailTokens;
  readonly mails: UserMails;
  readonly clock: Clock;
}

/** Makes PENDING accounts ACTIVE, by the token that was mailed to their address. */
export class EmailVerification {
  readonly #parts: EmailVerificationParts;

  constructor(parts: EmailVerificationParts) {
    this.#parts = parts;
  }

  /** Mails another token where a PENDING account has this address. The same work for any. */
  async resend(context: RequestContext, address: string): Promise<void> {
    const { database, jobs } = this.#parts;
    await jobs.add(database.manager, { kind: 'RESEND_VERIFICATION', address, from: jobOrigin(context) });
    jobs.wake();
  }

  /**
   * Verifies the address. Where it was registered with different passwords, none of them and no profile counts any more, and a
   * token to set one is mailed: whoever registered first need not be the owner. Throws INVALID_TOKEN, and BUSY where the account keeps changing.
   */
  async verify(context: RequestContext, text: string): Promise<{ setPassword: boolean }> {
    // Whoever loses to a registration that contests the address at this moment reads once more: the token is still good.
    const done = (await this.#try(context, text)) ?? (await this.#try(context, text));
    if (done) return done;
    throw new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
  }

  /** Undefined when the user has changed since they were read. */
  async #try(context: RequestContext, text: string): Promise<{ setPassword: boolean } | undefined> {
    const { database, tokens, audit, dataKeys, mails, clock } = this.#parts;
    const token = await tokens.get(database.manager, text, ['VERIFY_EMAIL']);
    const setPassword = await inTransaction(database, async (tx) => {
      const user = await this.#get(tx, token.userId);
      if (!(await markVerified(tx, { ...token, contested: user.contested, now: clock.now() }))) return undefined;
      await tokens.use(tx, token);
      await audit.record(tx, {
        type: 'email.verified',
        ...ownAct(context, user, dataKeys),
        details: { by: 'VERIFICATION_TOKEN', setPassword: user.contested },
      });
      if (user.contested) {
        await clearProfile(tx, user.id);
        await mails.sendToken(tx, await this.#get(tx, user.id), 'SET_PASSWORD', 'set-password');
      }
      return user.contested;
    });
    if (setPassword === undefined) return undefined;
    if (setPassword) mails.wake();
    return { setPassword };
  }

  async #get(tx: EntityManager, id: UserId): Promise<CredentialRecord> {
    const user = await findCredentials(tx, id);
    if (!user) throw invalidToken();
    return user;
  }
}
