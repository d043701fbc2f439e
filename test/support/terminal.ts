import { PassThrough } from 'node:stream';
import { runCommand } from '../../src/cli/run-command.ts';
import type { Environment } from '../../src/config.ts';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import type { SharedParts } from './server.ts';

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Typing {
  /** All of standard input, where it is a pipe. */
  readonly piped?: string;
  /** What a person types at a terminal: one answer to each question, in order. */
  readonly answers?: readonly string[];
}

/** The settings of a command that runs beside a test's server: on its database, with its keyring. */
export const settingsBeside = ({ dataDir, serverUrl, ownerUrl }: SharedParts) => ({
  NODE_ENV: 'test',
  DATA_DIR: dataDir,
  DATABASE_URL: serverUrl,
  MIGRATION_DATABASE_URL: ownerUrl,
  LOG_LEVEL: 'error',
});

/** Runs a command of `gatehouse` in this process, as if typed, with standard input as said and both outputs kept. */
export async function runInTerminal(
  words: readonly string[],
  env: Environment,
  { piped, answers }: Typing = {},
): Promise<CommandOutcome> {
  const stdin = Object.assign(new PassThrough(), { isTTY: answers !== undefined });
  if (answers === undefined) stdin.end(piped ?? '');
  const waiting = [...(answers ?? [])];
  const said = { out: '', err: '' };
  const code = await runCommand(words, {
    env,
    facts: { cores: 2, cwd: process.cwd(), rateLimitNames: LIMIT_SETTING_NAMES },
    stopSignal: new Promise(() => {}),
    stdin,
    print: (text) => {
      said.out += `${text}\n`;
    },
    printError: (text) => {
      said.err += `${text}\n`;
      const answer = waiting.shift();
      // The question is put before the answer is listened to.
      if (answer !== undefined) setImmediate(() => stdin.write(answer));
    },
  });
  return { code, ...said };
}
