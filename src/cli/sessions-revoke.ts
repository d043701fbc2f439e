import { parseArgs, types } from 'node:util';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { endSessionsOf, findPeopleWithSessions } from '../sessions/all-sessions.repository.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './key-work.ts';

const BATCH = 200;

export const sessionsRevokeCommand: Command = {
  name: 'sessions revoke',
  summary: 'End everybody’s sessions.',
  help: `Usage: gatehouse sessions revoke --all

For an incident: ends every session and forgets every known device, in batches. Everybody logs in again. Access tokens that
are out stop at their next request here; other services take them until they expire, unless you also run
\`keys rotate --signing --now\`.`,

  async run(words, terminal) {
    if (!parse(words).all) throw new UsageError('Whose sessions? Say --all.');
    const { database, audit, clock, ...foundation } = await openFoundation(loadConfig(terminal.env, terminal.facts));
    let [sessions, people] = [0, 0];
    try {
      const next = (after: UserId | null) => findPeopleWithSessions(database.manager, after, clock.now(), BATCH);
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
    terminal.print(`Ended ${sessions} sessions of ${people} people.`);
    return 0;
  },
};

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: { all: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
}
