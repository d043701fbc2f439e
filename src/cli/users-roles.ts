import type { UserRecord } from '../users/user.record.ts';
import { actOn, USER_OPTION } from './acts-on-people.ts';
import type { Command } from './command.ts';
import { OPERATOR } from './operator.ts';
import { parseOptions, required } from './words.ts';

export const usersAssignRoleCommand: Command = {
  name: 'users assign-role',
  summary: 'Give a role to a user.',
  help: `Usage: gatehouse users assign-role --user WHO --role NAME

Counts from the user's next request on. Works beside a running server.

  ${USER_OPTION}
  --role NAME        which role: \`gatehouse roles list\` has them

  gatehouse users assign-role --user ada@example.com --role admin`,

  async run(words, terminal) {
    const { user, role } = parse(words);
    terminal.print(rolesOf(user, await actOn(terminal, user, (acts, id) => acts.assign(OPERATOR, id, role))));
    return 0;
  },
};

export const usersUnassignRoleCommand: Command = {
  name: 'users unassign-role',
  summary: 'Take a role away from a user.',
  help: `Usage: gatehouse users unassign-role --user WHO --role NAME

Counts from the user's next request on. Works beside a running server. The last administrator cannot lose the role admin.

  ${USER_OPTION}
  --role NAME        which role`,

  async run(words, terminal) {
    const { user, role } = parse(words);
    terminal.print(rolesOf(user, await actOn(terminal, user, (acts, id) => acts.unassign(OPERATOR, id, role))));
    return 0;
  },
};

function parse(words: readonly string[]): { readonly user: string; readonly role: string } {
  const { user, role } = parseOptions(words, { user: { type: 'string' }, role: { type: 'string' } });
  return { user: required(user, 'user'), role: required(role, 'role') };
}

const rolesOf = (who: string, { roles }: UserRecord): string =>
  roles.length === 0 ? `${who} has no role.` : `${who} has the roles ${roles.map(({ name }) => name).join(', ')}.`;
