import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childOptions } from './child.ts';
import { type Cluster, ownPath } from './cluster.ts';
import { commandLineOf, isRunning, worksIn } from './process-mark.ts';

/** PostgreSQL's main process, as its own postmaster.pid describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

const POLL_MS = 10;
/** After a crash PostgreSQL first replays its log: never cut that short. */
const READY_MS = 60_000;
/** `fast` shutdown ends sessions and writes everything out; what takes longer is ended hard and recovers at the next start. */
const FAST_MS = 3_000;
const HARD_MS = 2_000;
const ATTEMPTS = 5;
const LOG_BYTES = 5_000_000;
/** Another took the port, or processes of the one that was killed have not noticed yet: both pass. */
const PASSING = /could not (?:bind|create any TCP)|pre-existing shared memory block|lock file .* already exists/;

/** Settings of every start. An ERROR's text and statement repeat values of rows, so they stay out of the log. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

function findPidFile(path: string): Postmaster | undefined {
  try {
    const lines = readFileSync(join(path, 'postmaster.pid'), 'utf8').split('\n');
    const [pid, port] = [Number(lines[0]), Number(lines[3])];
    return pid > 0 ? { pid, port, isReady: lines[7]?.trim() === 'ready' } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether process `pid` is a PostgreSQL on this data: by the name in its command line, or by where it stands. */
export function isPostmaster(cluster: Cluster, name: string, pid: number): boolean {
  if (!isRunning(pid)) return false;
  const command = commandLineOf(pid);
  return command === undefined || command.includes(name) || worksIn(pid, cluster.path);
}

/**
 * The PostgreSQL that runs on this data, also one that a killed process left behind. A stale postmaster.pid whose number
 * now belongs to another process is removed: PostgreSQL would take that process for its rival and not start.
 */
export function findPostmaster(cluster: Cluster, name: string): Postmaster | undefined {
  const found = findPidFile(cluster.path);
  if (found === undefined) return undefined;
  if (isPostmaster(cluster, name, found.pid)) return found;
  rmSync(join(cluster.path, 'postmaster.pid'), { force: true });
  return undefined;
}

/** The port of the last start, which PostgreSQL writes down with its whole command line; 0 where there was none. */
function lastPort(path: string): number {
  try {
    return Number(/"-p" "(\d+)"/.exec(readFileSync(join(path, 'postmaster.opts'), 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** `wanted`, or another port of the loopback interface that is free now. */
function findFreePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error) => (wanted === 0 ? reject(error) : resolve(findFreePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Opens the log to append to; a long one is put aside first. */
function openLog(path: string): { readonly file: number; readonly from: number } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES) renameSync(path, `${path}.1`);
  return { file: openSync(path, 'a', 0o600), from: size > LOG_BYTES ? 0 : size };
}

/** Waits until the PostgreSQL `pid` takes connections; undefined when it ended instead. */
export async function whenReady(cluster: Cluster, pid: number): Promise<Postmaster | undefined> {
  for (const end = performance.now() + READY_MS; performance.now() < end; await sleep(POLL_MS)) {
    const found = findPidFile(cluster.path);
    if (found?.pid === pid && found.isReady) return found;
    if (!isRunning(pid)) return undefined;
  }
  throw new Error(
    `The embedded PostgreSQL (process ${pid}) has not become ready for ${READY_MS / 1000} s: see postgres.log`,
  );
}

export interface StartOptions {
  readonly name: string;
  readonly logPath: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Called when it ends, whoever ended it, as long as this process lives. */
  readonly onEnd: (code: number | null) => void;
}

/**
 * Starts PostgreSQL in a process group of its own: Ctrl-C in the terminal reaches the whole group of the server, which needs
 * its database to stop in order. It does not keep this process alive.
 */
export async function startPostmaster(cluster: Cluster, options: StartOptions): Promise<Postmaster> {
  const settings = { ...SETTINGS, cluster_name: options.name, ...options.settings };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  for (let attempt = 1; ; attempt += 1) {
    const { file, from } = openLog(options.logPath);
    const port = await findFreePort(attempt === 1 ? lastPort(cluster.path) : 0);
    const args = ['-D', ownPath(cluster), '-p', String(port), ...flags];
    const child = spawn(cluster.binaries.postgres, args, {
      ...childOptions(cluster.account),
      cwd: cluster.path,
      detached: true,
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    await new Promise((resolve, reject) => child.on('spawn', resolve).on('error', reject));
    child.unref();
    const ready = child.pid === undefined ? undefined : await whenReady(cluster, child.pid);
    if (ready !== undefined) {
      child.on('exit', options.onEnd);
      return ready;
    }
    const said = readFileSync(options.logPath, 'utf8').slice(from);
    if (attempt === ATTEMPTS || !PASSING.test(said)) {
      const reason = said.split('\n').find((line) => line.includes('FATAL')) ?? 'it gave no reason';
      throw new Error(`The embedded PostgreSQL did not start: ${reason} (more in ${options.logPath})`);
    }
    await sleep(200);
  }
}

async function isGone(pid: number, waitMs: number): Promise<boolean> {
  for (const end = performance.now() + waitMs; performance.now() < end; await sleep(POLL_MS)) {
    if (!isRunning(pid)) return true;
  }
  return false;
}

/** Ends PostgreSQL: `fast` first, and hard (as after a crash, with nothing lost) when it takes too long. */
export async function stopPostmaster(cluster: Cluster, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    spawn(cluster.binaries.pgCtl, ['stop', '-m', 'fast', '-D', cluster.path], { stdio: 'ignore' });
    await isGone(pid, FAST_MS + HARD_MS);
    return;
  }
  for (const [signal, waitMs] of [
    ['SIGINT', FAST_MS],
    ['SIGQUIT', HARD_MS],
    ['SIGKILL', HARD_MS],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await isGone(pid, waitMs)) return;
  }
}
