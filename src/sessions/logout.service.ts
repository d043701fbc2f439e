import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { isMacOf, parseRefreshToken } from '../crypto/refresh-tokens.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { inTransaction } from '../platform/transaction.ts';
import { ownAct } from '../users/own-act.ts';
import type { SessionOfUser, SessionViewer } from './session.record.ts';
import type { SessionTokens } from './session-tokens.ts';
import { findSession, revokeSession } from './sessions.repository.ts';
import { type BroughtToken, clearRefreshCookie } from './token-delivery.ts';

interface LogoutParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly tokens: SessionTokens;
  readonly clock: Clock;
}

/** Ends the session of whoever asks. */
export class LogoutService {
  readonly #parts: LogoutParts;

  constructor(parts: LogoutParts) {
    this.#parts = parts;
  }

  /**
   * Ends the session of the access token, else of the refresh token. Never fails on bad credentials: whoever wants to be logged
   * out is. False when there was no live session to end.
   */
  async logout(context: RequestContext<SessionViewer>, brought: BroughtToken | undefined): Promise<boolean> {
    const found = (await this.#byAccessToken(context)) ?? (await this.#byRefreshToken(brought));
    if (!found || found.session.delivery === 'COOKIE') clearRefreshCookie(context);
    if (!found) return false;
    const { database, audit, dataKeys, clock } = this.#parts;
    return inTransaction(database, async (tx) => {
      if (!(await revokeSession(tx, found.session.id, clock.now()))) return false;
      await audit.record(tx, {
        type: 'session.ended',
        ...ownAct(context, found.user, dataKeys),
        details: { session: found.session.id },
      });
      return true;
    });
  }

  async #byAccessToken(context: RequestContext<SessionViewer>): Promise<SessionOfUser | undefined> {
    try {
      return await context.findViewer();
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  async #byRefreshToken(brought: BroughtToken | undefined): Promise<SessionOfUser | undefined> {
    const token = brought && parseRefreshToken(brought.text);
    const found = token && (await findSession(this.#parts.database.manager, token.sessionId));
    const refreshKey = found && this.#parts.tokens.refreshKeyOf(found);
    const isOurs = token && refreshKey && isMacOf(refreshKey, token) && found.session.delivery === brought.delivery;
    return isOurs ? found : undefined;
  }
}
