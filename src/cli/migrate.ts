import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { Command } from './command.ts';
import { refuseWords } from './words.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Bring the database up to date, and end.',
  help: `Usage: gatehouse migrate

Runs the migrations that the database lacks, as the owner (MIGRATION_DATABASE_URL), and gives the server's role its
rights. The server does the same at each start.`,

  async run(words, terminal) {
    refuseWords(words);
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    await foundation.close();
    terminal.print('The database is up to date.');
    return 0;
  },
};
