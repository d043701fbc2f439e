import type { DataSource } from 'typeorm';
import { GatheredReads } from '../platform/gathered-reads.ts';
import type { SessionId } from '../platform/ids.ts';
import type { PipelinedClients } from '../platform/pipelined-clients.ts';
import { findViewedSession, findViewedSessions, type ViewedSession } from './sessions.repository.ts';

/** More would make one answer so long that others wait for it. */
const MOST = 100;

/** The one read that nearly every request makes: gathered over requests where shared connections are on, else by the pool. */
export class ViewedSessions {
  readonly #database: DataSource;
  readonly #gathered: GatheredReads<SessionId, ViewedSession> | undefined;

  /** Without `reads` each request asks by itself. */
  constructor({ database, reads }: { database: DataSource; reads: PipelinedClients | undefined }) {
    this.#database = database;
    this.#gathered = reads && new GatheredReads((ids) => findViewedSessions(reads, ids), MOST);
  }

  /** The session as it is now, from the primary. */
  async find(id: SessionId): Promise<ViewedSession | undefined> {
    if (!this.#gathered) return findViewedSession(this.#database.manager, id);
    try {
      return await this.#gathered.find(id);
    } catch {
      // A lost connection fails all who shared it, and none of them asked for it. The pool tells what is really wrong.
      return findViewedSession(this.#database.manager, id);
    }
  }
}
