import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditQueue } from '../audit/audit-queue.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { seal } from '../crypto/sealed.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { OwnPassword } from '../users/own-password.ts';
import type { CredentialRecord } from '../users/user.record.ts';
import type { LoggedIn } from './logged-in.type.ts';
import { sessionPlace } from './session.places.ts';
import type { SessionViewer } from './session.record.ts';
import { type SessionLifeSettings, sessionExpiry } from './session-life.ts';
import type { SessionTokens } from './session-tokens.ts';
import { passFence, stepUp } from './sessions.repository.ts';
import { refuseLostCookie } from './token-delivery.ts';

interface ReauthenticationParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly auditQueue: AuditQueue;
  readonly dataKeys: DataKeys;
  readonly ownPassword: OwnPassword;
  readonly tokens: SessionTokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly life: SessionLifeSettings;
}

const REFRESH_KEY_BYTES = 32;

/** Step-up: a logged-in person proves once more who they are (ASVS v5.0.0-7.5.1). */
export class ReauthenticationService {
  readonly #parts: ReauthenticationParts;

  constructor(parts: ReauthenticationParts) {
    this.#parts = parts;
  }

  /**
   * New tokens of the same session, under a new key: no older refresh token is taken any more, and every older access token is
   * past its time, so that none stolen before becomes fresh. Throws INVALID_CREDENTIALS, BUSY.
   */
  async reauthenticate(context: RequestContext<SessionViewer>, password: string | null | undefined): Promise<LoggedIn> {
    const viewer = await context.getViewer();
    refuseLostCookie(context, viewer.session.delivery);
    if (!password) throw badInput([{ path: ['input', 'password'], code: 'REQUIRED', message: 'Must be given.' }]);
    const done = (await this.#try(context, viewer, password)) ?? (await this.#try(context, viewer, password));
    if (done) return done;
    throw new AppError('BUSY', 'The account changed meanwhile. Try again.', { retryAfter: 1 });
  }

  async #try(
    context: RequestContext<SessionViewer>,
    viewer: SessionViewer,
    password: string,
  ): Promise<LoggedIn | undefined> {
    const { ownPassword, auditQueue, dataKeys } = this.#parts;
    const { user, isRight } = await ownPassword.check(viewer.userId, password);
    if (!isRight) {
      const refusal = new AppError('INVALID_CREDENTIALS', 'The password is wrong.');
      const details = { session: viewer.sessionId, reason: 'WRONG_PASSWORD' } as const;
      auditQueue.recordLater(
        { type: 'reauthentication.failed', ...ownAct(context, viewer.user, dataKeys), details },
        refusal,
      );
      throw refusal;
    }
    return this.#stepUp(context, viewer, user);
  }

  async #stepUp(
    context: RequestContext<SessionViewer>,
    viewer: SessionViewer,
    user: CredentialRecord,
  ): Promise<LoggedIn | undefined> {
    const { database, audit, dataKeys, tokens, clock, random, life } = this.#parts;
    const { session } = viewer;
    if (user.dataKey === null) return undefined;
    const now = clock.now();
    const secret = random.bytes(REFRESH_KEY_BYTES);
    const place = sessionPlace(session.id, 'refreshKey');
    const refreshKey = seal<string>(dataKeys.unwrap(user.dataKey), place, secret.toString('base64url'), random);
    const expiresAt = sessionExpiry(life, { createdAt: session.createdAt, now, roles: user.roles });
    const { id, authGeneration, factors } = session;
    const generation = await inTransaction(database, async (tx) => {
      if (!(await passFence(tx, user.id, user.version))) return undefined;
      const moved = await stepUp(tx, { id, authGeneration, refreshKey, factors, expiresAt, now });
      if (moved === undefined) {
        // Ended meanwhile: whoever is told to refresh would do it in vain.
        await holdActor(tx, viewer, now);
        throw new AppError('TOKEN_EXPIRED', 'This session has moved on. Use its newest token.');
      }
      const details = { session: id, factors: [...factors] };
      await audit.record(tx, { type: 'session.reauthenticated', ...ownAct(context, user, dataKeys), details });
      return moved;
    });
    if (generation === undefined) return undefined;
    const renewed = { ...session, refreshKey, refreshGeneration: generation, authGeneration: generation };
    const times = { rotatedAt: now, lastSeenAt: now, authenticatedAt: now, expiresAt };
    return tokens.issue(context, { session: { ...renewed, ...times }, user }, secret);
  }
}
