/**
 * Waits for the end of the test run that started it, seen by the end of standard input, and deletes what a killed run leaves:
 * its PostgreSQL and its directory, named by the argument. After a run that ended in order there is nothing to do.
 */
import { existsSync } from 'node:fs';

const [, , directory] = process.argv;
process.stdin.resume().once('close', async () => {
  if (!existsSync(directory)) return;
  await import('./typescript.js');
  const { removeRun } = await import('./test-postgres.ts');
  await removeRun(directory);
});
