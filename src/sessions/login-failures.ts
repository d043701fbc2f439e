import type { RequestContext } from '../access/request-context.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { DetailsOf } from '../audit/event-types.ts';
import type { AppError } from '../platform/errors.ts';
import type { CredentialRecord } from '../users/user.record.ts';

interface FailedLogin {
  readonly user: CredentialRecord | undefined;
  /** As typed. */
  readonly address: string;
  readonly reason: DetailsOf<'login.failed'>['reason'];
}

/** `cause` is the error that answers the request: the refusal has its event then, and needs no second one. */
type RecordLater = (event: AuditEvent, cause: AppError) => void;

/**
 * Tells the audit trail of logins that were refused, after the answer: a write before it would tell by its time whether there is
 * an account. For a known account the typed text is left out, since it may hold a password in the wrong field; of an unknown one
 * the address is kept, sealed, for 30 days.
 */
export class LoginFailures {
  readonly #recordLater: RecordLater;

  constructor(parts: { recordLater: RecordLater }) {
    this.#recordLater = parts.recordLater;
  }

  /** The refusal, for the caller to throw. */
  refuse(context: RequestContext, login: FailedLogin, refusal: AppError): AppError {
    const { user, address, reason } = login;
    this.#recordLater(
      {
        type: 'login.failed',
        by: { kind: 'ANONYMOUS', request: context },
        subjectId: user?.id,
        details: { reason },
        personal: user ? undefined : { address },
      },
      refusal,
    );
    return refusal;
  }
}
