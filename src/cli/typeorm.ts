import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { loadConfig } from '../config.ts';
import { openDatabaseUrls } from '../foundation.ts';
import { PACKAGE_FOLDER } from '../platform/package-folder.ts';
import { type Command, type Terminal, UsageError } from './command.ts';

/** Commands of TypeORM that refuse to be told a database. */
const WITHOUT_DATABASE = /^(version|-.*|.*:create)$/;

export const typeormCommand: Command = {
  name: 'typeorm',
  summary: "Run TypeORM's command line on the database.",
  help: `Usage: npm run typeorm -- COMMAND [options]

Runs TypeORM's command line as the owner (MIGRATION_DATABASE_URL), on the embedded database too, beside a running server
or without one.

  migration:show                         the migrations, those that ran marked with [X]
  migration:run                          run those that the database lacks
  migration:revert                       undo the last one
  migration:generate migrations/NAME     write what entities and database differ in
  query "SELECT …"                       run SQL

The server and \`gatehouse migrate\` run migrations by themselves, and give the server's role its rights on new tables:
after migration:run, start the server or run \`gatehouse migrate\` for these.`,

  async run(words, terminal) {
    if (words.length === 0) throw new UsageError('Which command of TypeORM?');
    const urls = await openDatabaseUrls(loadConfig(terminal.env, terminal.facts));
    try {
      return await runTypeorm(words, urls.ownerUrl.reveal(), terminal);
    } finally {
      await urls.stop();
    }
  },
};

/** Its exit code. */
async function runTypeorm(words: readonly string[], url: string, terminal: Terminal): Promise<number> {
  const script = createRequire(import.meta.url).resolve('typeorm/cli.js');
  // A migration is given the database, and none of the server's keys and passwords.
  const { PATH = '/usr/bin:/bin' } = terminal.env;
  const dataSource = WITHOUT_DATABASE.test(words[0] ?? '')
    ? []
    : ['--dataSource', join(PACKAGE_FOLDER, 'dist', 'ormconfig.js')];
  const child = spawn(process.execPath, [script, ...words, ...dataSource], {
    cwd: terminal.facts.cwd,
    env: { PATH, MIGRATION_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  void terminal.stopSignal.then(() => child.kill());
  const told = [eachLine(child.stdout, terminal.print), eachLine(child.stderr, terminal.printError)];
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  await Promise.all(told);
  return code;
}

async function eachLine(stream: Readable, print: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) print(line);
}
