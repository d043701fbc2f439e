import type { EntityManager } from 'typeorm';
import type { SessionId, UserId } from '../platform/ids.ts';

/** What changes of an account need of its sessions, which stand uphill. */
export interface SessionEnding {
  /** Ends every live session of the user but `keep`, and all their device tokens; the ids of those it ended. */
  endAll(tx: EntityManager, userId: UserId, keep?: SessionId): Promise<readonly SessionId[]>;
}
