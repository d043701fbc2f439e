import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { isAlive, ownMark } from '../../src/platform/postgres/process-mark.ts';
import { silentLogger } from './silent-logger.ts';
import { makeTemplate } from './template.ts';

/** A database of a test lives for seconds: nothing of it needs to survive the machine. */
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  max_connections: '300',
};

const RUN = /^gatehouse-test-(\d+)-(\d*)$/;

let running: EmbeddedPostgres | undefined;
let directory: string | undefined;

/** Stops what a killed run left running in its directory, or in one that its tests made in there, and deletes it. */
export async function removeRun(path: string): Promise<void> {
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const dataDir of [path, ...below.map((entry) => join(path, entry.name))]) {
    if (!existsSync(join(dataDir, 'postgres', 'postmaster.pid'))) continue;
    const left = await startEmbeddedPostgres({ dataDir, logger: silentLogger, settings: FAST }).catch(() => undefined);
    await left?.stop();
  }
  rmSync(path, { recursive: true, force: true });
}

/** The directories of test runs whose process is dead, and which this user may delete. */
function findStaleRuns(): string[] {
  return readdirSync(tmpdir()).filter((name) => {
    const [, pid, started] = RUN.exec(name) ?? [];
    return pid !== undefined && started !== undefined && !isAlive({ pid: Number(pid), started });
  });
}

/** Leaves a process behind that outlives a kill of the run, and a Ctrl-C at its terminal. */
function cleanAfterKill(path: string): void {
  const script = join(import.meta.dirname, 'clean-after.mjs');
  const child = spawn(process.execPath, [script, path], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // A pipe to a child is a socket, which would keep the run alive.
  if (child.stdin instanceof Socket) child.stdin.unref();
}

/**
 * One PostgreSQL for the whole test run, with the migrated database `gatehouse` as the template that test files clone.
 * The workers find it, and a directory for their files, in the environment.
 */
export async function startTestPostgres(): Promise<void> {
  for (const name of findStaleRuns()) await removeRun(join(tmpdir(), name)).catch(() => undefined);
  const { pid, started } = ownMark();
  directory = join(tmpdir(), `gatehouse-test-${pid}-${started}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  cleanAfterKill(directory);
  running = await startEmbeddedPostgres({ dataDir: directory, logger: silentLogger, settings: FAST });
  await makeTemplate(running.ownerUrl, running.serverUrl);
  process.env['TEST_POSTGRES_DIR'] = directory;
  process.env['TEST_POSTGRES_ADMIN_URL'] = running.adminUrl.reveal();
  process.env['TEST_POSTGRES_OWNER_URL'] = running.ownerUrl.reveal();
  process.env['TEST_POSTGRES_SERVER_URL'] = running.serverUrl.reveal();
}

export async function stopTestPostgres(): Promise<void> {
  await running?.stop();
  if (directory !== undefined) await removeRun(directory);
}
