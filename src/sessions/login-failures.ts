import type { RequestContext } from '../access/request-context.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { DetailsOf } from '../audit/event-types.ts';
import type { CredentialRecord } from '../users/user.record.ts';

/**
 * Tells the audit trail of logins that were refused, after the answer: a write before it would tell by its time whether there is
 * an account. For a known account the typed text is left out, since it may hold a password in the wrong field; of an unknown one
 * the address is kept, sealed, for 30 days.
 */
export class LoginFailures {
  readonly #recordLater: (event: AuditEvent) => void;

  constructor(parts: { recordLater: (event: AuditEvent) => void }) {
    this.#recordLater = parts.recordLater;
  }

  report(
    context: RequestContext,
    user: CredentialRecord | undefined,
    address: string,
    reason: DetailsOf<'login.failed'>['reason'],
  ): void {
    this.#recordLater({
      type: 'login.failed',
      by: { kind: 'ANONYMOUS', request: context },
      subjectId: user?.id,
      details: { reason },
      personal: user ? undefined : { address },
    });
  }
}
