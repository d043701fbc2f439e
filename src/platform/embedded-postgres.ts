import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { prepareDataDir } from './data-dir.ts';
import { errorFacts, type Logger } from './logger.ts';
import { findAccount } from './postgres/account.ts';
import { getBinaries } from './postgres/binaries.ts';
import { type Cluster, isMade, makeCluster } from './postgres/cluster.ts';
import { withFileLock } from './postgres/file-lock.ts';
import { getPasswords, makePasswords, type Passwords } from './postgres/passwords.ts';
import {
  findPostmaster,
  isPostmaster,
  type Postmaster,
  startPostmaster,
  stopPostmaster,
  whenReady,
} from './postgres/postmaster.ts';
import { isInUse, register } from './postgres/users.ts';
import { type Random, systemRandom } from './random.ts';
import { Secret } from './secret.ts';
import { codeOf } from './system-error.ts';

/** Longer than the longest start, which replays the log of a crash. */
const LOCK_MS = 90_000;
const RESTART_MS = 500;

export interface EmbeddedPostgresOptions {
  /** DATA_DIR. Made with mode 0700 where it is missing. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly random?: Random;
  /** PostgreSQL settings beside the usual ones; a process that joins takes what runs. `fsync: 'off'` also hastens the first start. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL that runs on this machine for this installation alone. Its URLs hold passwords. */
export interface EmbeddedPostgres {
  /** The owner of the database `gatehouse`: migrations. Not a superuser. */
  readonly ownerUrl: Secret;
  /** The server's own role, which may do what the migrations granted. */
  readonly serverUrl: Secret;
  /** The superuser, in the database `postgres`: tests clone databases by it, the product has no use for it. */
  readonly adminUrl: Secret;
  /** True where this call started it, false where it joined one that ran. */
  readonly isOurs: boolean;
  /** Lets go of it; the last process that does stops it, within 3 s as a rule. Safe to call twice. */
  stop(): Promise<void>;
}

interface Running extends Postmaster {
  readonly isOurs: boolean;
}

function urlOf(port: number, role: string, password: string, database = 'gatehouse'): Secret {
  return new Secret(`postgres://${role}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`);
}

/** Only the PostgreSQL of this DATA_DIR takes these passwords, and SCRAM makes it prove in turn that it knows them. */
async function checkLogin({ pid, port }: Postmaster, passwords: Passwords): Promise<void> {
  const url = urlOf(port, 'gatehouse_server', passwords.server);
  const client = new Client({ connectionString: url.reveal(), connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const code = codeOf(error) ?? 'no answer';
    throw new Error(
      code === '28P01'
        ? 'The embedded database does not take the passwords of postgres-passwords.json: bring back DATA_DIR/postgres and that file from the same backup'
        : `The embedded PostgreSQL (process ${pid}) runs and does not let Gatehouse in (${code}): end that process and start again`,
    );
  } finally {
    await client.end();
  }
}

/**
 * Starts the PostgreSQL that comes with Gatehouse, or joins the one that already runs on this DATA_DIR: beside a running
 * server, or left behind by one that was killed. Data in DATA_DIR/postgres, log in DATA_DIR/postgres.log, passwords in
 * DATA_DIR/postgres-passwords.json. It listens on a random port of the loopback interface, and takes passwords only.
 *
 * Every process that uses it is written down in DATA_DIR/postgres-users, and the last one out stops it: a command that ends
 * beside the server does not cut the server's work, nor the other way round. Starts and stops happen one at a time.
 *
 * Throws an Error that says what to do: not installed, does not run here, data of another major version, passwords lost.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { logger, random = systemRandom, settings = {} } = options;
  const dataDir = resolve(options.dataDir);
  prepareDataDir(dataDir);
  const [lock, users] = [join(dataDir, 'postgres.lock'), join(dataDir, 'postgres-users')];
  const path = join(dataDir, 'postgres');
  const account = findAccount(path);
  const cluster: Cluster = { path, account, binaries: getBinaries(account) };
  let isStopping = false;

  /** The cluster's passwords, the cluster itself being made first where there is none. */
  const openCluster = async () => {
    const file = join(dataDir, 'postgres-passwords.json');
    if (isMade(cluster)) return getPasswords(file);
    const made = makePasswords(file, random);
    await makeCluster(cluster, made, settings['fsync'] !== 'off');
    return made;
  };

  const joinOrStart = async (name: string): Promise<Running> => {
    const found = findPostmaster(cluster, name);
    const ready = found === undefined ? undefined : await whenReady(cluster, found.pid);
    if (ready !== undefined) return { ...ready, isOurs: false };
    const onEnd = (code: number | null) => void restart(name, code);
    const started = await startPostmaster(cluster, { name, logPath: join(dataDir, 'postgres.log'), settings, onEnd });
    return { ...started, isOurs: true };
  };

  /** Brings back a PostgreSQL that ended by itself, on the port it had, so that pools find it again. */
  const restart = async (name: string, code: number | null) => {
    if (isStopping) return;
    logger.error('the embedded PostgreSQL ended by itself and is started again; see postgres.log', { code });
    await sleep(RESTART_MS, undefined, { ref: false });
    const again = async () => (isStopping ? undefined : await joinOrStart(name));
    await withFileLock(lock, LOCK_MS, again).catch((error: unknown) => {
      logger.error('the embedded PostgreSQL could not be started again', errorFacts(error));
    });
  };

  const begun = performance.now();
  const { passwords, running, registration } = await withFileLock(lock, LOCK_MS, async () => {
    const passwords = await openCluster();
    const running = await joinOrStart(passwords.cluster);
    try {
      await checkLogin(running, passwords);
      return { passwords, running, registration: register(users, random) };
    } catch (error) {
      isStopping = true;
      if (running.isOurs) await stopPostmaster(cluster, running.pid);
      throw error;
    }
  });
  const { pid, port, isOurs } = running;
  const ms = Math.round(performance.now() - begun);
  logger.debug(isOurs ? 'embedded PostgreSQL started' : 'joined the embedded PostgreSQL', { pid, port, ms });

  const leave = async () => {
    isStopping = true;
    // Somebody deleted DATA_DIR meanwhile: there is nothing to lock and nobody to ask.
    if (!existsSync(users)) {
      if (isPostmaster(cluster, passwords.cluster, pid)) await stopPostmaster(cluster, pid);
      return;
    }
    await withFileLock(lock, LOCK_MS, async () => {
      rmSync(registration, { force: true });
      const last = isInUse(users) ? undefined : findPostmaster(cluster, passwords.cluster);
      if (last !== undefined) await stopPostmaster(cluster, last.pid);
    });
  };
  let left: Promise<void> | undefined;
  return {
    ownerUrl: urlOf(port, 'gatehouse_owner', passwords.owner),
    serverUrl: urlOf(port, 'gatehouse_server', passwords.server),
    adminUrl: urlOf(port, 'gatehouse_admin', passwords.admin, 'postgres'),
    isOurs,
    stop: () => {
      left ??= leave();
      return left;
    },
  };
}
