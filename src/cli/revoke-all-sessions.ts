import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { endSessionsOf, findPeopleToLogOut } from '../sessions/all-sessions.repository.ts';
import type { Terminal } from './command.ts';
import { OPERATOR } from './operator.ts';

const BATCH = 200;

/** Ends everybody's sessions, a batch of people and its event at a time, and says how far it is. */
export async function revokeAllSessions(terminal: Terminal): Promise<{ sessions: number; people: number }> {
  const { database, audit, clock, ...foundation } = await openFoundation(loadConfig(terminal.env, terminal.facts));
  let [sessions, people] = [0, 0];
  try {
    const next = (after: UserId | null) => findPeopleToLogOut(database.manager, after, clock.now(), BATCH);
    for (let ids = await next(null); ids.length > 0; ids = await next(ids.at(-1) ?? null)) {
      const batch = ids;
      sessions += await inTransaction(database, async (tx) => {
        const endedSessions = await endSessionsOf(tx, batch, clock.now());
        const details = { endedSessions, users: batch.length };
        await audit.record(tx, { type: 'sessions.ended_all', by: OPERATOR, details });
        return endedSessions;
      });
      people += ids.length;
      terminal.printError(`people: ${people}`);
    }
  } finally {
    await foundation.close();
  }
  return { sessions, people };
}
