import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { isMacOf, parseRefreshToken } from '../crypto/refresh-tokens.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { inTransaction, untied } from '../platform/transaction.ts';
import { ownAct } from '../users/own-act.ts';
import type { LoggedIn } from './logged-in.type.ts';
import type { SessionOfUser } from './session.record.ts';
import { type SessionLifeSettings, sessionExpiry } from './session-life.ts';
import type { SessionTokens } from './session-tokens.ts';
import { holdRepeatable, nextGeneration, passFence, revokeSession } from './sessions.repository.ts';
import type { BroughtToken } from './token-delivery.ts';
import type { ViewedSessions } from './viewed-sessions.ts';
import { isLive } from './viewers.ts';

interface RefreshParts {
  readonly database: DataSource;
  readonly sessions: ViewedSessions;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly tokens: SessionTokens;
  readonly clock: Clock;
  readonly life: SessionLifeSettings & { readonly refreshGraceSeconds: number };
}

/** A rotation that lost a race reads again: each time somebody else has moved on, so this many times is plenty. */
const ATTEMPTS = 5;

const dead = () => new AppError('INVALID_TOKEN', 'This refresh token is unknown, used or past its time. Log in again.');

/** Refresh token rotation with reuse detection (RFC 9700 §4.14.2), made to bear two tabs and lost answers. */
export class RefreshService {
  readonly #parts: RefreshParts;

  constructor(parts: RefreshParts) {
    this.#parts = parts;
  }

  /** New tokens for a refresh token. INVALID_TOKEN for one that does not count; one that was used up ends its session. */
  async refresh(context: RequestContext, brought: BroughtToken | undefined): Promise<LoggedIn> {
    const { sessions, tokens, clock } = this.#parts;
    const token = brought && parseRefreshToken(brought.text);
    if (!token) throw dead();
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = await sessions.find(token.sessionId);
      const refreshKey = found && tokens.refreshKeyOf(found);
      // The MAC first: a session's id is no secret, and whoever knows no more than that must not be able to end it.
      if (!found || !refreshKey || !isMacOf(refreshKey, token) || !isLive(found, clock.now())) throw dead();
      // A cookie's token read out of the browser must be good for nothing elsewhere, nor an app's when planted as a cookie.
      if (found.session.delivery !== brought.delivery) throw dead();
      const renewed = await this.#renew(context, found, token.generation);
      if (renewed) return tokens.issue(context, renewed, refreshKey);
    }
    throw new AppError('BUSY', 'Too many refreshes of this session at once. Try again.', { retryAfter: 1 });
  }

  /** The session as it stands after this refresh; undefined when another call has moved it meanwhile. */
  async #renew(context: RequestContext, found: SessionOfUser, generation: number): Promise<SessionOfUser | undefined> {
    const current = found.session.refreshGeneration;
    if (generation > current) throw dead();
    if (generation === current) return this.#rotate(context, found);
    if (generation === current - 1 && this.#isRepeatable(found)) return this.#repeat(context, found);
    await this.#endForReuse(context, found, generation);
    throw dead();
  }

  async #rotate(context: RequestContext, { session, user }: SessionOfUser): Promise<SessionOfUser | undefined> {
    const { database, audit, clock, life } = this.#parts;
    const now = clock.now();
    const expiresAt = sessionExpiry(life, { createdAt: session.createdAt, now, roles: user.roles });
    if (expiresAt <= now) throw dead();
    const generation = session.refreshGeneration + 1;
    const change = nextGeneration({ id: session.id, from: session.refreshGeneration, expiresAt, now }, user);
    const event = this.#eventOf(context, { session, user }, { generation, repeated: false });
    const moved = await untied(() => audit.recordWith(database.manager, change, event));
    return moved
      ? { session: { ...session, refreshGeneration: generation, rotatedAt: now, lastSeenAt: now, expiresAt }, user }
      : undefined;
  }

  /** Two tabs have `refreshGraceSeconds`; an answer that was lost has until anything of it is seen. */
  #isRepeatable({ session }: SessionOfUser): boolean {
    const { clock, life } = this.#parts;
    const ageMs = clock.now().getTime() - session.rotatedAt.getTime();
    return ageMs <= life.refreshGraceSeconds * 1000 || session.seenGeneration < session.refreshGeneration;
  }

  /** The same successor once more, under the same conditions as a rotation. */
  async #repeat(context: RequestContext, found: SessionOfUser): Promise<SessionOfUser | undefined> {
    const { database, audit, clock, life } = this.#parts;
    const now = clock.now();
    const graceFrom = new Date(now.getTime() - life.refreshGraceSeconds * 1000);
    const { id, refreshGeneration } = found.session;
    const held = await inTransaction(database, async (tx) => {
      if (!(await passFence(tx, found.user.id, found.user.version))) return false;
      if (!(await holdRepeatable(tx, { id, generation: refreshGeneration, graceFrom, now }))) return false;
      await audit.record(tx, this.#eventOf(context, found, { generation: refreshGeneration, repeated: true }));
      return true;
    });
    return held ? found : undefined;
  }

  #eventOf(
    context: RequestContext,
    { session, user }: SessionOfUser,
    details: { generation: number; repeated: boolean },
  ): AuditEvent {
    return {
      type: 'session.refreshed',
      ...ownAct(context, user, this.#parts.dataKeys),
      details: { session: session.id, ...details },
    };
  }

  async #endForReuse(context: RequestContext, { session, user }: SessionOfUser, presented: number): Promise<void> {
    const { database, audit, clock, dataKeys } = this.#parts;
    await inTransaction(database, async (tx) => {
      if (!(await revokeSession(tx, session.id, clock.now()))) return;
      await audit.record(tx, {
        type: 'session.reuse_detected',
        ...ownAct(context, user, dataKeys),
        details: { session: session.id, presented, current: session.refreshGeneration },
      });
    });
  }
}
