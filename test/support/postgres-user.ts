import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { UNSYNCED } from './postgres-probe.ts';
import { silentLogger } from './silent-logger.ts';

// A process of its own that uses the embedded PostgreSQL of the directory it is given, until its standard input ends.
const [dataDir = ''] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, settings: UNSYNCED });
process.stdout.write(`${JSON.stringify({ isOurs: postgres.isOurs, ownerUrl: postgres.ownerUrl.reveal() })}\n`);
process.stdin.resume().on('end', async () => {
  await postgres.stop();
  process.exit(0);
});
