import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditQueue } from '../audit/audit-queue.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from './held-actor.repository.ts';
import type { NewPassword } from './new-password.ts';
import { ownAct } from './own-act.ts';
import type { OwnPassword } from './own-password.ts';
import { changePassword } from './password.repository.ts';
import type { ViewerWithUser } from './profile.service.ts';
import type { SessionEnding } from './session-ending.port.ts';
import type { UserMails } from './user-mails.ts';

interface PasswordParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly auditQueue: AuditQueue;
  readonly dataKeys: DataKeys;
  readonly ownPassword: OwnPassword;
  readonly newPassword: NewPassword;
  readonly endings: SessionEnding;
  readonly mails: UserMails;
  readonly clock: Clock;
}

/** Changing a password that is known. */
export class PasswordService {
  readonly #parts: PasswordParts;

  constructor(parts: PasswordParts) {
    this.#parts = parts;
  }

  /**
   * Sets another password, ends the person's other sessions and mails them a notice. Throws INVALID_CREDENTIALS for a wrong
   * current password, WEAK_PASSWORD, BUSY.
   */
  async change(
    context: RequestContext<ViewerWithUser>,
    { currentPassword, newPassword }: { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void> {
    const { database, audit, dataKeys, endings, mails, clock } = this.#parts;
    const viewer = await context.getViewer();
    const user = await this.#prove(context, viewer, currentPassword);
    const columns = await this.#parts.newPassword.toColumns(user, newPassword, 'known');
    await inTransaction(database, async (tx) => {
      if (!(await changePassword(tx, user, columns))) {
        throw new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
      }
      await holdActor(tx, viewer, clock.now());
      const ended = await endings.endAll(tx, user.id, viewer.sessionId);
      const details = { endedSessions: ended.length };
      await audit.record(tx, { type: 'password.changed', ...ownAct(context, user, dataKeys), details });
      await mails.send(tx, user, 'password-changed');
    });
    mails.wake();
  }

  /** The user as they were when the current password was found right. */
  async #prove(context: RequestContext<ViewerWithUser>, viewer: ViewerWithUser, password: string) {
    const { ownPassword, auditQueue, dataKeys } = this.#parts;
    const { user, isRight } = await ownPassword.check(viewer.userId, password);
    if (isRight) return user;
    const refusal = new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
    const details = { session: viewer.sessionId, reason: 'WRONG_PASSWORD' } as const;
    auditQueue.recordLater({ type: 'reauthentication.failed', ...ownAct(context, user, dataKeys), details }, refusal);
    throw refusal;
  }
}
