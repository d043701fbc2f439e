import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';
import { PACKAGE_FOLDER } from '../platform/package-folder.ts';
import { auditAcknowledgeRestoreCommand } from './audit-acknowledge-restore.ts';
import { auditExportCommand } from './audit-export.ts';
import { auditProveCommand } from './audit-prove.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { keysAddCommand } from './keys-add.ts';
import { keysCalibrateCommand } from './keys-calibrate.ts';
import { keysCreateCommand } from './keys-create.ts';
import { keysListCommand } from './keys-list.ts';
import { keysResealCommand } from './keys-reseal.ts';
import { keysRetireCommand } from './keys-retire.ts';
import { keysRewrapCommand } from './keys-rewrap.ts';
import { keysRotateCommand } from './keys-rotate.ts';
import { migrateCommand } from './migrate.ts';
import { restoreCommand } from './restore.ts';
import { rolesListCommand } from './roles-list.ts';
import { schemaCommand } from './schema.ts';
import { serveCommand } from './serve.ts';
import { sessionsRevokeCommand } from './sessions-revoke.ts';
import { typeormCommand } from './typeorm.ts';
import { usersCreateCommand } from './users-create.ts';
import { usersAssignRoleCommand, usersUnassignRoleCommand } from './users-roles.ts';
import { usersDisableCommand, usersEnableCommand } from './users-status.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  migrateCommand,
  schemaCommand,
  usersCreateCommand,
  usersAssignRoleCommand,
  usersUnassignRoleCommand,
  usersDisableCommand,
  usersEnableCommand,
  sessionsRevokeCommand,
  rolesListCommand,
  keysCreateCommand,
  keysListCommand,
  keysAddCommand,
  keysRotateCommand,
  keysRewrapCommand,
  keysRetireCommand,
  keysResealCommand,
  keysCalibrateCommand,
  restoreCommand,
  auditVerifyCommand,
  auditExportCommand,
  auditProveCommand,
  auditAcknowledgeRestoreCommand,
  typeormCommand,
];

/** Runs what was typed after `gatehouse` (nothing: `serve`) and answers the exit code: 0 done, 1 failed, 2 wrong words. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const typed = words.length === 0 ? ['serve'] : words;
  if (typed[0] === '--version' || typed[0] === '-v') {
    terminal.print(readVersion());
    return 0;
  }
  const command = COMMANDS.find(({ name }) => typed.slice(0, name.split(' ').length).join(' ') === name);
  if (!command) return refuse(typed, terminal);
  const rest = typed.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.print(command.help);
    return 0;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'It failed without a reason.';
    if (error instanceof UsageError) terminal.printError(`${message}\n\n${command.help}`);
    else terminal.printError(error instanceof ConfigError ? message : `gatehouse ${command.name}: ${message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function refuse(typed: readonly string[], terminal: Terminal): number {
  // `users` alone asks for what there is about users.
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${typed[0]} `));
  const shown = group.length > 0 ? group : COMMANDS;
  const width = 2 + Math.max(...shown.map(({ name }) => name.length));
  const list = shown.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join('\n');
  const help = `Usage: gatehouse <command> [options]\n\n${list}\n\nEach command has --help. The version is told by --version.`;
  if (typed.some((word) => ['--help', '-h', 'help'].includes(word))) {
    terminal.print(help);
    return 0;
  }
  terminal.printError(`There is no command "${typed.join(' ')}".\n\n${help}`);
  return 2;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as { version: string };
  return version;
}
