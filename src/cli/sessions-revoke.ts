import { actOn, USER_OPTION } from './acts-on-people.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';
import { revokeAllSessions } from './revoke-all-sessions.ts';
import { parseOptions } from './words.ts';

export const sessionsRevokeCommand: Command = {
  name: 'sessions revoke',
  summary: 'End every session of a user, or of everybody.',
  help: `Usage: gatehouse sessions revoke (--user WHO | --all)

Ends every session of the user, or of everybody, and forgets their known devices: they log in anew. Works beside a running
server. Access tokens that are out stop at their next request here; other services take them until they expire, unless you
also run \`keys rotate --signing --now\`.

  ${USER_OPTION}
  --all              for an incident: everybody, in batches`,

  async run(words, terminal) {
    const { user, all = false } = parseOptions(words, { user: { type: 'string' }, all: { type: 'boolean' } });
    if (all === (user !== undefined)) throw new UsageError('Whose sessions? Say --user WHO or --all.');
    if (user === undefined) {
      const { sessions, people } = await revokeAllSessions(terminal);
      terminal.print(`Ended ${sessions} sessions of ${people} people.`);
    } else {
      const { revokedCount } = await actOn(terminal, user, (acts, id) => acts.revokeSessions(OPERATOR, id));
      terminal.print(`Ended ${revokedCount} sessions of ${user}.`);
    }
    return 0;
  },
};
