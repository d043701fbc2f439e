import { actOn, OPERATOR, USER_OPTION } from './acts-on-people.ts';
import type { Command } from './command.ts';
import { parseOptions, required } from './words.ts';

export const sessionsRevokeCommand: Command = {
  name: 'sessions revoke',
  summary: 'End every session of a user.',
  help: `Usage: gatehouse sessions revoke --user WHO

Ends every session of the user and forgets their known devices: they log in anew. Works beside a running server.

  ${USER_OPTION}`,

  async run(words, terminal) {
    const who = required(parseOptions(words, { user: { type: 'string' } }).user, 'user');
    const { revokedCount } = await actOn(terminal, who, (acts, id) => acts.revokeSessions(OPERATOR, id));
    terminal.print(`Ended ${revokedCount} sessions of ${who}.`);
    return 0;
  },
};
