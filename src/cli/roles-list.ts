import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { RoleRecord } from '../roles/role.record.ts';
import { findRoles } from '../roles/roles.repository.ts';
import type { Command } from './command.ts';
import { refuseWords } from './words.ts';

export const rolesListCommand: Command = {
  name: 'roles list',
  summary: 'List the roles and what each allows.',
  help: `Usage: gatehouse roles list

Prints every role with its permissions. Works beside a running server.`,

  async run(words, terminal) {
    refuseWords(words);
    const { database, close } = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      terminal.print((await findRoles(database.manager)).map(describe).join('\n'));
    } finally {
      await close();
    }
    return 0;
  },
};

const describe = ({ name, builtIn, description, permissions }: RoleRecord): string =>
  [
    `${name}${builtIn ? ' (built in)' : ''}`,
    `  ${description}`,
    `  ${permissions.length === 0 ? 'no permissions' : permissions.join(' ')}`,
  ].join('\n');
