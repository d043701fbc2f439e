import { actOn, USER_OPTION } from './acts-on-people.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';
import { parseOptions, required } from './words.ts';

/** As disableUser has it. */
const REASON_CHARACTERS = 500;

export const usersDisableCommand: Command = {
  name: 'users disable',
  summary: 'Shut a user out, at once.',
  help: `Usage: gatehouse users disable --user WHO --reason TEXT

Ends every session of the user, forgets their known devices and voids the tokens in their mails. A notice goes to their
address, without the reason. Works beside a running server. The last administrator cannot be disabled.

  ${USER_OPTION}
  --reason TEXT      why, for the audit trail, where it is sealed; ${REASON_CHARACTERS} characters at most`,

  async run(words, terminal) {
    const { user, reason } = parseOptions(words, { user: { type: 'string' }, reason: { type: 'string' } });
    const [who, why] = [required(user, 'user'), required(reason, 'reason')];
    if ([...why].length > REASON_CHARACTERS) {
      throw new UsageError(`--reason must have at most ${REASON_CHARACTERS} characters.`);
    }
    const { status } = await actOn(terminal, who, (acts, id) => acts.disable(OPERATOR, id, why));
    terminal.print(`${who} is ${status}.`);
    return 0;
  },
};

export const usersEnableCommand: Command = {
  name: 'users enable',
  summary: 'Let a disabled user in again.',
  help: `Usage: gatehouse users enable --user WHO

The user logs in anew: sessions do not come back. Works beside a running server.

  ${USER_OPTION}`,

  async run(words, terminal) {
    const who = required(parseOptions(words, { user: { type: 'string' } }).user, 'user');
    const { status } = await actOn(terminal, who, (acts, id) => acts.enable(OPERATOR, id));
    terminal.print(`${who} is ${status}.`);
    return 0;
  },
};
