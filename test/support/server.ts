import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { loadConfig } from '../../src/config.ts';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { type ServerSeams, startServer } from '../../src/server.ts';
import { Client } from './client.ts';
import { ManualClock } from './clock.ts';
import { cloneDatabase } from './database.ts';
import { KeptMails } from './kept-mails.ts';
import { silentLogger } from './silent-logger.ts';

export const PASSWORD = 'correct horse battery staple';

/** What a second server on the same database takes from the first. */
export interface SharedParts {
  readonly serverUrl: string;
  readonly ownerUrl: string;
  readonly dataDir: string;
  readonly clock: ManualClock;
  /** Where the first one answers: tokens name it, whichever of the two made them. */
  readonly publicUrl: string;
  /** Either of the two may send what the other one wrote. */
  readonly mails?: KeptMails;
}

/** A whole server on a database of its own, with a clock that stands still and mails that are kept. */
export interface TestServer {
  readonly url: string;
  readonly clock: ManualClock;
  readonly mails: KeptMails;
  /** The owner's connection: tests look at rows, and break things, by it. */
  readonly database: DataSource;
  /** For a second server on the same database. */
  readonly shared: SharedParts;
  /** Nobody. */
  readonly anyone: Client;
  /** Registers and verifies an account. */
  signUp(email: string, password?: string, profile?: object): Promise<void>;
  /** Logs in; a client with the access token, and what the login answered. */
  logIn(email: string, password?: string): Promise<LoggedInClient>;
  /** Registers, verifies, gives roles and logs in. */
  person(email: string, ...roles: string[]): Promise<LoggedInClient>;
  stop(): Promise<void>;
}

type DatabaseLimits = NonNullable<ServerSeams['databaseLimits']>;

export interface LoggedInClient {
  readonly client: Client;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceToken: string;
  readonly sessionId: string;
  readonly userId: string;
}

const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { ... on LoggedIn {
  accessToken refreshToken deviceToken session { id } user { id } } } }`;

/** Every hash gets its turn, and a slow machine is no reason to be BUSY. */
const PATIENT = { HASH_QUEUE: '1000', HASH_QUEUE_MS: '60000', SHED_DELAY_MS: '60000' };
/** So does every statement. */
const PATIENT_DATABASE: DatabaseLimits = { connectMs: 60_000, statementMs: 60_000 };

/**
 * Starts one. `settings` are environment variables over the usual ones of tests: cheap hashes that nobody waits for in vain,
 * and limits as they are by default, save the window of the address.
 */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = {},
  shared?: SharedParts,
  logger: Logger = silentLogger,
  databaseLimits = PATIENT_DATABASE,
): Promise<TestServer> {
  const own = shared ? undefined : await cloneDatabase();
  const dataDir = shared?.dataDir ?? mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'server-'));
  const ownerUrl = shared?.ownerUrl ?? own?.ownerUrl.reveal() ?? '';
  const clock = shared?.clock ?? new ManualClock(new Date());
  const mails = shared?.mails ?? new KeptMails();
  const env = {
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: shared?.serverUrl ?? own?.serverUrl.reveal() ?? '',
    MIGRATION_DATABASE_URL: ownerUrl,
    DATABASE_POOL: '5',
    ARGON2_MEMORY_KIB: '64',
    ARGON2_PASSES: '1',
    ...PATIENT,
    ADDRESS_LIMIT: '100000',
    ...(shared ? { PUBLIC_URL: shared.publicUrl } : {}),
    ...settings,
  };
  const config = loadConfig(env, { cores: 2, cwd: dataDir, rateLimitNames: LIMIT_SETTING_NAMES });
  const running = await startServer(config, { clock, logger, transport: mails, databaseLimits });
  const database = await new DataSource({ ...dataSourceOptions, url: ownerUrl, poolSize: 2 }).initialize();
  const url = `http://127.0.0.1:${running.port}`;
  const anyone = new Client(url);

  const logIn = async (email: string, password = PASSWORD): Promise<LoggedInClient> => {
    const answer = await anyone.send(LOGIN, { input: { email, password } });
    if (answer.errors.length > 0) throw new Error(`The login failed: ${answer.text}`);
    const { accessToken, refreshToken, deviceToken, session, user } = answer.data['login'];
    const client = anyone.as(accessToken);
    return { client, accessToken, refreshToken, deviceToken, sessionId: session.id, userId: user.id };
  };
  const signUp = async (email: string, password = PASSWORD, profile: object = {}): Promise<void> => {
    const before = mails.to(email).length;
    const registered = await anyone.send('mutation($input: RegisterInput!) { register(input: $input) { accepted } }', {
      input: { email, password, profile },
    });
    if (registered.errors.length > 0) throw new Error(`The registration failed: ${registered.text}`);
    const token = await mails.token(email, before + 1);
    const verified = await anyone.send(`mutation { verifyEmail(input: { token: "${token}" }) { verified } }`);
    if (verified.errors.length > 0) throw new Error(`The verification failed: ${verified.text}`);
  };

  return {
    url,
    shared: { serverUrl: env.DATABASE_URL, ownerUrl, dataDir, clock, publicUrl: running.url, mails },
    clock,
    mails,
    database,
    anyone,
    signUp,
    logIn,
    person: async (email, ...roles) => {
      await signUp(email);
      const { userId } = await logIn(email);
      if (roles.length > 0) {
        await database.query(
          'INSERT INTO user_roles SELECT $1, id, now() FROM roles WHERE name = ANY($2) ON CONFLICT DO NOTHING',
          [userId, roles],
        );
        await database.query('UPDATE users SET version = version + 1 WHERE id = $1', [userId]);
      }
      return logIn(email);
    },
    stop: async () => {
      await database.destroy();
      await running.stop();
      if (shared) return;
      await own?.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
