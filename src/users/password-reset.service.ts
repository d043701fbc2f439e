import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { type AddressJobs, jobOrigin } from './address-jobs.ts';
import { clearProfile } from './email-verification.repository.ts';
import type { MailTokenRow } from './mail-tokens.repository.ts';
import { invalidToken, type MailTokens } from './mail-tokens.ts';
import type { NewPassword } from './new-password.ts';
import { ownAct } from './own-act.ts';
import { resetPassword } from './password.repository.ts';
import type { SessionEnding } from './session-ending.port.ts';
import type { CredentialRecord } from './user.record.ts';
import type { UserMails } from './user-mails.ts';
import { findCredentials } from './users.repository.ts';

interface PasswordResetParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly jobs: AddressJobs;
  readonly tokens: MailTokens;
  readonly newPassword: NewPassword;
  readonly endings: SessionEnding;
  readonly devices: DeviceIssuing;
  readonly mails: UserMails;
  readonly clock: Clock;
}

/** Devices stand uphill, with the sessions. */
export interface DeviceIssuing {
  /** A token for a device that has just proved whose it is. */
  issue(tx: EntityManager, userId: UserId, known: undefined): Promise<string>;
}

/** Setting a password that is not known, by a token from a mail. */
export class PasswordResetService {
  readonly #parts: PasswordResetParts;

  constructor(parts: PasswordResetParts) {
    this.#parts = parts;
  }

  /** Mails a token where there is an account. The same work for any address. */
  async request(context: RequestContext, address: string): Promise<void> {
    const { database, jobs } = this.#parts;
    await jobs.add(database.manager, { kind: 'RESET_PASSWORD', address, from: jobOrigin(context) });
    jobs.wake();
  }

  /**
   * Sets the password and ends every session; gives none, so that no second factor is passed over (ASVS v5.0.0-6.4.3). Verifies
   * the address of a PENDING user, and drops what registrants had said of them. The device token of whoever did it. Throws
   * INVALID_TOKEN, WEAK_PASSWORD, BUSY.
   */
  async reset(context: RequestContext, text: string, password: string): Promise<string> {
    const { database, tokens, newPassword } = this.#parts;
    const token = await tokens.get(database.manager, text, ['RESET_PASSWORD', 'SET_PASSWORD']);
    const user = await findCredentials(database.manager, token.userId);
    if (!user || user.dataKey === null) throw invalidToken();
    const columns = await newPassword.toColumns(user, password, 'stranger');
    const deviceToken = await inTransaction(database, (tx) => this.#store(tx, context, { token, user, columns }));
    this.#parts.mails.wake();
    return deviceToken;
  }

  async #store(
    tx: EntityManager,
    context: RequestContext,
    facts: { token: MailTokenRow; user: CredentialRecord; columns: Awaited<ReturnType<NewPassword['toColumns']>> },
  ): Promise<string> {
    const { audit, dataKeys, tokens, endings, devices, mails, clock } = this.#parts;
    const { token, user, columns } = facts;
    if (!(await resetPassword(tx, user, columns, clock.now()))) {
      throw new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
    }
    await tokens.use(tx, token);
    if (user.status === 'PENDING' && user.origin === 'REGISTRATION') await clearProfile(tx, user.id);
    const ended = await endings.endAll(tx, user.id);
    const by = token.purpose === 'SET_PASSWORD' ? 'SET_PASSWORD_TOKEN' : 'RESET_TOKEN';
    const act = ownAct(context, user, dataKeys);
    await audit.record(tx, { type: 'password.reset', ...act, details: { by, endedSessions: ended.length } });
    if (user.status === 'PENDING') {
      await audit.record(tx, { type: 'email.verified', ...act, details: { by: 'PASSWORD_TOKEN', setPassword: false } });
    }
    await mails.send(tx, user, 'password-changed');
    return devices.issue(tx, user.id, undefined);
  }
}
