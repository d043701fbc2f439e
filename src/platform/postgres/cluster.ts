import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { childOptions } from './child.ts';
import { firstRoles } from './first-roles.ts';
import type { Passwords } from './passwords.ts';

/** The data of one PostgreSQL cluster, and whom it belongs to. */
export interface Cluster {
  readonly path: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
}

/** Passwords only, and loopback only: without a line for `local` a socket of the file system is refused too. */
const HOST_RULES = `# Written by Gatehouse.
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128      scram-sha-256
`;

/**
 * Where PostgreSQL itself finds its data. DATA_DIR is closed to everybody but its owner, root's keys are in it: so another
 * user cannot walk the path. The child starts inside the directory and names it by the kernel's own link to where it stands.
 */
export function ownPath(cluster: Cluster): string {
  return cluster.account === undefined ? cluster.path : '/proc/self/cwd';
}

/** Runs a program to its end with `input`; throws with what it said on standard error, which never has a statement in it. */
function run(cluster: Cluster, program: string, args: readonly string[], input: string): Promise<void> {
  const child = spawn(program, args, {
    ...childOptions(cluster.account),
    cwd: cluster.path,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`The embedded PostgreSQL could not be set up (${program} ended with ${code}): ${said.trim()}`),
        );
    });
  });
}

/**
 * Makes the cluster with its roles and the empty database `gatehouse` in a directory beside, and moves it to its place when
 * all is done: a start that is killed half way leaves nothing that looks like data. It never listens before it has passwords.
 */
export async function makeCluster(cluster: Cluster, passwords: Passwords, isDurable: boolean): Promise<void> {
  const draft = `${cluster.path}.new-`;
  for (const name of readdirSync(dirname(draft)).filter((name) => name.startsWith(basename(draft)))) {
    rmSync(join(dirname(draft), name), { recursive: true, force: true });
  }
  // A name of its own: programs that a killed start left running may still write to the former one.
  const unfinished: Cluster = { ...cluster, path: `${draft}${process.pid}` };
  mkdirSync(unfinished.path, { mode: 0o700 });
  const { account, binaries } = cluster;
  if (account !== undefined) chownSync(unfinished.path, account.uid, account.gid);
  const at = `--pgdata=${ownPath(unfinished)}`;
  // C.UTF-8 sorts alike on every machine and after every update of its libraries, so no index breaks by one.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const who = ['--username=gatehouse_admin', '--auth=reject'];
  await run(unfinished, binaries.initdb, [at, ...locale, ...who, ...(isDurable ? [] : ['--no-sync'])], '');
  const rules = join(unfinished.path, 'pg_hba.conf');
  writeFileSync(rules, HOST_RULES);
  const quiet = ['-c', 'log_min_error_statement=panic', '-c', 'exit_on_error=on', ...(isDurable ? [] : ['-F'])];
  const single = ['--single', '-j', '-D', ownPath(unfinished), ...quiet, 'postgres'];
  await run(unfinished, binaries.postgres, single, firstRoles(passwords));
  renameSync(unfinished.path, cluster.path);
}

/** Whether `path` holds a cluster. Throws where it holds one of another major version, or something else. */
export function isMade({ path, binaries }: Cluster): boolean {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts === undefined || (facts.isDirectory() && readdirSync(path).length === 0)) return false;
  const { major } = binaries;
  const found = findMajor(path);
  if (found === major) return true;
  if (found === undefined) {
    throw new Error(
      `${path} holds something else than a PostgreSQL database: move it away, or choose another DATA_DIR`,
    );
  }
  throw new Error(
    `${path} was written by PostgreSQL ${found}, and this Gatehouse brings PostgreSQL ${major}, which cannot read it. Start the Gatehouse that wrote it, move its data by pg_dump into a PostgreSQL of your own and set DATABASE_URL; or move the directory away to begin with an empty database`,
  );
}

function findMajor(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(path, 'PG_VERSION'), 'utf8'), 10);
  } catch {
    return undefined;
  }
}
