import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { toName } from '../audit/event-details.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { SessionViewer } from './session.record.ts';
import type { SessionTokens } from './session-tokens.ts';

interface ServiceTokenParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly tokens: SessionTokens;
  readonly clock: Clock;
  /** The services that the operator listed (AUDIENCES). */
  readonly audiences: readonly string[];
}

/** Access tokens for other services. This server refuses them: no service can replay here what it was sent. */
export class ServiceTokenService {
  readonly #parts: ServiceTokenParts;

  constructor(parts: ServiceTokenParts) {
    this.#parts = parts;
  }

  /** BAD_USER_INPUT for an audience that the operator did not list. */
  async issue(context: RequestContext<SessionViewer>, audience: string): Promise<{ token: string; expiresIn: number }> {
    const { database, audit, dataKeys, tokens, clock, audiences } = this.#parts;
    const viewer = await context.getViewer();
    if (!audiences.includes(audience)) {
      const message = 'Must be one of the services that the operator listed in AUDIENCES.';
      throw badInput([{ path: ['input', 'audience'], code: 'NOT_ALLOWED', message }]);
    }
    await inTransaction(database, async (tx) => {
      await holdActor(tx, viewer, clock.now());
      await audit.record(tx, {
        type: 'service_token.issued',
        ...ownAct(context, viewer.user, dataKeys),
        details: { session: viewer.sessionId, audience: toName(audience) },
      });
    });
    return tokens.issueFor(viewer, audience);
  }
}
