import type { DataSource } from 'typeorm';
import type { Credentials } from '../access/request-context.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { permissionsOf } from '../roles/role.record.ts';
import type { SessionOfUser, SessionRecord, SessionViewer } from './session.record.ts';
import { markSeen } from './sessions.repository.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { ViewedSessions } from './viewed-sessions.ts';

/** `lastSeenAt` is kept to the minute: finer would cost a write for every read. */
const SEEN_MS = 60_000;

const ended = () => new AppError('UNAUTHENTICATED', 'This session has ended. Log in again.');

/** Whether a session opens anything: not ended, not run out, and its user ACTIVE. */
export function isLive({ session, user }: SessionOfUser, now: Date): boolean {
  return session.revokedAt === null && session.expiresAt > now && user.status === 'ACTIVE';
}

/** Finds who is logged in, from what an access token says and what the database says now. */
export class Viewers {
  readonly #database: DataSource;
  readonly #sessions: ViewedSessions;
  readonly #clock: Clock;
  readonly #signingKeys: Pick<SigningKeys, 'isGood'>;

  constructor(parts: {
    database: DataSource;
    sessions: ViewedSessions;
    clock: Clock;
    signingKeys: Pick<SigningKeys, 'isGood'>;
  }) {
    this.#database = parts.database;
    this.#sessions = parts.sessions;
    this.#clock = parts.clock;
    this.#signingKeys = parts.signingKeys;
  }

  /**
   * The viewer, or undefined without credentials. UNAUTHENTICATED or TOKEN_EXPIRED where the token, its session or its user no
   * longer counts: a logout, a disabled account or a changed role bites at the next request, whatever the token says.
   */
  async find(credentials: Credentials): Promise<SessionViewer | undefined> {
    if (credentials.kind === 'none') return undefined;
    if (credentials.kind === 'refused') {
      throw credentials.code === 'TOKEN_EXPIRED'
        ? new AppError('TOKEN_EXPIRED', 'The access token is past its time. Call refresh, then repeat.')
        : new AppError('UNAUTHENTICATED', 'The Authorization header holds no access token of this server. Log in.');
    }
    const read = await this.#sessions.find(credentials.sessionId);
    const now = this.#clock.now();
    if (!read) throw ended();
    const { session, user, signingEpoch } = read;
    if (!(await this.#signingKeys.isGood(credentials.kid, signingEpoch))) {
      throw new AppError('TOKEN_EXPIRED', 'The key of this access token is in use no more. Call refresh, then repeat.');
    }
    if (user.id !== credentials.userId || !isLive(read, now)) throw ended();
    if (credentials.generation < session.authGeneration) {
      throw new AppError('TOKEN_EXPIRED', 'This access token is from before a reauthentication. Use the newer one.');
    }
    await this.#noteSeen(session, credentials.generation, now);
    // Written out: V8 takes microseconds for an object that is spread and then given more properties, and each request makes this one.
    return {
      session,
      user,
      userId: user.id,
      sessionId: session.id,
      permissions: permissionsOf(user.roles),
      authenticatedAt: session.authenticatedAt,
    };
  }

  /** Before the answer, not after: whoever has seen a token of this generation must not be able to have it made again. */
  async #noteSeen(session: SessionRecord, generation: number, now: Date): Promise<void> {
    const isNew = session.seenGeneration < generation;
    const isStale = now.getTime() - session.lastSeenAt.getTime() >= SEEN_MS;
    if (isNew || isStale) await markSeen(this.#database.manager, session.id, generation, now);
  }
}
