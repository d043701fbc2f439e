import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
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
   * token to set one is mailed: whoever registered first need not be the owner. Throws INVALID_TOKEN.
   */
  async verify(context: RequestContext, text: string): Promise<{ setPassword: boolean }> {
    const { database, tokens, audit, dataKeys, mails } = this.#parts;
    const token = await tokens.get(database.manager, text, ['VERIFY_EMAIL']);
    const setPassword = await inTransaction(database, async (tx) => {
      const user = await this.#activate(tx, token);
      await tokens.use(tx, token);
      await audit.record(tx, {
        type: 'email.verified',
        ...ownAct(context, user, dataKeys),
        details: { by: 'VERIFICATION_TOKEN', setPassword: user.contested },
      });
      if (user.contested) {
        await clearProfile(tx, user.id);
        await mails.sendToken(tx, await this.#get(tx, user), 'SET_PASSWORD', 'set-password');
      }
      return user.contested;
    });
    if (setPassword) mails.wake();
    return { setPassword };
  }

  /** The user as they were; INVALID_TOKEN when they are not PENDING any more, or what voids the token has happened. */
  async #activate(tx: EntityManager, token: { userId: CredentialRecord['id']; mailTokenVersion: number }) {
    const now = this.#parts.clock.now();
    const user = await findCredentials(tx, token.userId);
    if (!user || !(await markVerified(tx, { ...token, contested: user.contested, now }))) throw invalidToken();
    return user;
  }

  async #get(tx: EntityManager, { id }: CredentialRecord): Promise<CredentialRecord> {
    const user = await findCredentials(tx, id);
    if (!user) throw invalidToken();
    return user;
  }
}
