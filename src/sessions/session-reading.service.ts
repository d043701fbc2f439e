import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { inBatches } from '../platform/batches.ts';
import type { Clock } from '../platform/clock.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { SessionViewer } from './session.record.ts';
import { findLiveSessions, type KeyedSessions } from './sessions.repository.ts';

type Context = RequestContext<SessionViewer>;
type SessionsByUser = ReadonlyMap<UserId, KeyedSessions>;

const NONE: KeyedSessions = { dataKey: null, sessions: [] };

/** The live sessions of people, whoever may read them: that is the field's rule to decide. */
export class SessionReadingService {
  readonly #parts: { database: DataSource; audit: AuditTrail; dataKeys: DataKeys; clock: Clock };
  readonly #find = inBatches((context: Context, ids: readonly UserId[]) => this.#read(context, ids));

  constructor(parts: { database: DataSource; audit: AuditTrail; dataKeys: DataKeys; clock: Clock }) {
    this.#parts = parts;
  }

  /** A user's live sessions, latest first: for all users of a list one statement, and one event where others are among them. */
  async list(context: Context, userId: UserId): Promise<KeyedSessions> {
    return (await this.#find(context, userId)) ?? NONE;
  }

  async #read(context: Context, ids: readonly UserId[]): Promise<SessionsByUser> {
    const { database, audit, dataKeys, clock } = this.#parts;
    const now = clock.now();
    const others = ids.filter((id) => id !== context.knownViewer?.userId && id !== context.provenUserId);
    if (others.length === 0) return findLiveSessions(database.manager, ids, now);
    const viewer = await context.getViewer();
    return inTransaction(database, async (tx) => {
      await holdActor(tx, viewer, now);
      const sessions = await findLiveSessions(tx, ids, now);
      const { by } = ownAct(context, viewer.user, dataKeys);
      await audit.record(tx, { type: 'sessions.read', by, details: { users: others } });
      return sessions;
    });
  }
}
