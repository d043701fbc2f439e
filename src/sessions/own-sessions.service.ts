import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { parseId, type SessionId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { bumpVersion, holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { SessionEnding } from '../users/session-ending.port.ts';
import type { SessionViewer } from './session.record.ts';
import { revokeOwnSession } from './sessions.repository.ts';

interface OwnSessionsParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly endings: SessionEnding;
  readonly clock: Clock;
}

/** What a person does with their own sessions. */
export class OwnSessionsService {
  readonly #parts: OwnSessionsParts;

  constructor(parts: OwnSessionsParts) {
    this.#parts = parts;
  }

  /** Ends one of the viewer's own live sessions. NOT_FOUND for any other id: whose it is, is nobody's business. */
  async revoke(context: RequestContext<SessionViewer>, idText: string): Promise<SessionId> {
    const { database, audit, dataKeys, clock } = this.#parts;
    const viewer = await context.getViewer();
    const id = parseId<SessionId>(idText);
    const isRevoked = await inTransaction(database, async (tx) => {
      const now = clock.now();
      await holdActor(tx, viewer, now);
      if (!id || !(await revokeOwnSession(tx, viewer.userId, id, now))) return false;
      await audit.record(tx, {
        type: 'session.revoked',
        ...ownAct(context, viewer.user, dataKeys),
        details: { session: id, reason: 'OWNER' },
      });
      return true;
    });
    if (!id || !isRevoked) throw new AppError('NOT_FOUND', 'There is no such live session.');
    return id;
  }

  /** Ends every session of the viewer but the current one, and voids the device tokens. */
  async revokeOthers(context: RequestContext<SessionViewer>): Promise<readonly SessionId[]> {
    const { database, audit, dataKeys, endings, clock } = this.#parts;
    const viewer = await context.getViewer();
    return inTransaction(database, async (tx) => {
      if (!(await bumpVersion(tx, viewer.user))) {
        throw new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
      }
      await holdActor(tx, viewer, clock.now());
      const ended = await endings.endAll(tx, viewer.userId, viewer.sessionId);
      await audit.record(tx, {
        type: 'sessions.revoked',
        ...ownAct(context, viewer.user, dataKeys),
        details: { endedSessions: ended.length },
      });
      return ended;
    });
  }
}
