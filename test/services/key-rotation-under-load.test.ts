import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { hashArgon2id } from '../../src/crypto/argon2id.ts';
import { generateKeyring, parseKeyring } from '../../src/crypto/keyring.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { until } from '../support/account-acts.ts';
import { Client } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { seededAddress, seedPeople } from '../support/seed-people.ts';
import { PASSWORD } from '../support/server.ts';
import { buildServer, type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** More by hand: PEOPLE=100000 npx jest … */
const PEOPLE = Number(process.env['PEOPLE'] ?? 2_000);
const CLIENTS = 4;
const LONG_MS = 1_800_000;
const PURPOSES = ['wrapping', 'pepper', 'index'] as const;

const dataDir = join(process.env['TEST_POSTGRES_DIR'] ?? tmpdir(), `rotation-${randomUUID()}`);
let database: TestDatabase;
let owner: DataSource;
let server: ServerProcess;
let settings: Record<string, string>;

beforeAll(async () => {
  await mkdir(dataDir, { mode: 0o700 });
  database = await cloneDatabase();
  owner = await new DataSource({ ...dataSourceOptions, url: database.ownerUrl.reveal(), poolSize: 2 }).initialize();
  const text = generateKeyring({ development: true, random: systemRandom });
  await writeFile(join(dataDir, 'keys.json'), text, { mode: 0o600 });
  const cheap = { memoryKib: 64, passes: 1, parallelism: 1 };
  await seedPeople(owner, parseKeyring(text), PEOPLE, await hashArgon2id(PASSWORD, systemRandom.bytes(16), cheap));
  settings = {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DATABASE_URL: database.serverUrl.reveal(),
    MIGRATION_DATABASE_URL: database.ownerUrl.reveal(),
    KEYRING_FILE: join(dataDir, 'keys.json'),
    LOG_LEVEL: 'error',
    ARGON2_MEMORY_KIB: '64',
    ARGON2_PASSES: '1',
    ADDRESS_LIMIT: '1000000',
    LIMIT_LOGIN_BY_CLIENT: '1000000',
    LIMIT_LOGIN_BY_CLIENT_AND_ACCOUNT: '1000000',
    LIMIT_LOGIN_BY_ACCOUNT: '1000000',
    LIMIT_MUTATION_BY_CLIENT: '1000000000',
    LIMIT_REFRESH_BY_CLIENT: '1000000000',
    HASH_QUEUE_MS: '30000',
  };
  await buildServer();
  server = await startServerProcess(settings);
}, LONG_MS);

afterAll(async () => {
  await server?.stop();
  await owner?.destroy();
  await database?.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Runs a command of the built `gatehouse`; killed at once (SIGKILL) after its first output that `killAt` matches. */
async function gatehouse(
  typed: string,
  killAt?: RegExp,
): Promise<{ code: number | null; killed: boolean; output: string }> {
  const child = spawn(process.execPath, ['dist/bundle/main.js', ...typed.split(' ')], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let killed = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      output += String(part);
      if (!killed && killAt?.test(output)) killed = child.kill('SIGKILL');
    });
  }
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, killed, output };
}

async function untilDone(typed: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const { code, output } = await gatehouse(typed);
    if (code === 0) return output;
    if (tries === 120) throw new Error(output);
    await sleep(1_000);
  }
}

const LOGIN = `mutation($input: LoginInput!) { login(input: $input) { ... on LoggedIn { accessToken refreshToken } } }`;

/** People who log in, read, write and refresh until told to stop; what failed, and how long each request took. */
function load() {
  const failures: string[] = [];
  const tookMs: number[] = [];
  let stopped = false;
  const anyone = new Client(server.url);
  const ask = async (client: Client, query: string, variables?: object) => {
    const begun = performance.now();
    const { errors, data, text } = await client.send(query, variables);
    tookMs.push(performance.now() - begun);
    if (errors.length > 0) failures.push(text.slice(0, 300));
    return data;
  };
  const one = async () => {
    while (!stopped) {
      const email = seededAddress(Math.floor(Math.random() * PEOPLE));
      const input = { email, password: PASSWORD };
      const { login } = await ask(anyone, LOGIN, { input });
      if (!login) continue;
      const me = await ask(anyone.as(login.accessToken), '{ me { email profile { bio } } }');
      if (me['me']?.email !== email) failures.push(`${email} was answered ${me['me']?.email}`);
      await ask(anyone.as(login.accessToken), 'mutation { updateProfile(input: { bio: "here" }) { user { id } } }');
      await ask(anyone, 'mutation($input: RefreshInput) { refresh(input: $input) { expiresIn } }', {
        input: { refreshToken: login.refreshToken },
      });
    }
  };
  const running = Array.from({ length: CLIENTS }, one);
  return {
    stop: async () => {
      await until('many requests were answered', () => tookMs.length > 50);
      stopped = true;
      await Promise.all(running);
      return { failures, tookMs: tookMs.sort((a, b) => a - b) };
    },
  };
}

const idsOf = async (table: string, column: string): Promise<string[]> => {
  const rows = await owner.query(`SELECT DISTINCT ${column} AS id FROM ${table} WHERE ${column} IS NOT NULL`);
  return rows.map(({ id }: { id: string }) => id);
};

test(
  'every key changes under load, the work killed in the middle and begun again, and no request fails',
  async () => {
    const busy = load();
    const figures: Record<string, number> = {};
    const timed = async (name: string, work: () => Promise<unknown>) => {
      const begun = performance.now();
      await work();
      figures[name] = Math.round(performance.now() - begun);
    };
    for (const purpose of PURPOSES) {
      await untilDone(`keys add --${purpose}`);
      if (purpose === 'index') {
        await sleep(3_000);
        const { killed } = await gatehouse('keys rotate --index', /email_indexes i2: [1-9]/);
        expect(killed).toBe(true);
        const [{ done }] = await owner.query(
          "SELECT count(*)::int AS done FROM email_indexes WHERE key_version = 'i2'",
        );
        figures['indexed before the kill'] = done;
        expect(done).toBeLessThan(PEOPLE);
        await timed('index, resumed', () => untilDone('keys rotate --index'));
      } else {
        await untilDone(`keys rotate --${purpose}`);
        await sleep(3_000);
        const { killed } = await gatehouse(`keys rewrap --${purpose}`, /: [1-9]\d* of/);
        expect(killed).toBe(true);
        await timed(`${purpose}, resumed`, () => untilDone(`keys rewrap --${purpose}`));
      }
      await timed(`${purpose}, retired`, () => untilDone(`keys retire ${purpose.charAt(0)}1`));
    }
    const { failures, tookMs } = await busy.stop();
    figures['requests'] = tookMs.length;
    figures['p50 ms'] = Math.round(tookMs[Math.floor(tookMs.length * 0.5)] ?? 0);
    figures['p99 ms'] = Math.round(tookMs[Math.floor(tookMs.length * 0.99)] ?? 0);
    figures['slowest ms'] = Math.round(tookMs.at(-1) ?? 0);
    if (process.env['FIGURES']) await writeFile(process.env['FIGURES'], JSON.stringify(figures, null, 1));
    expect(failures).toEqual([]);
    expect(await idsOf('data_keys', 'wrapping_key_id')).toEqual(['w2']);
    expect(await idsOf('users', 'pepper_id')).toEqual(['p2']);
    expect(await idsOf('email_indexes', 'key_version')).toEqual(['i2']);
    const [{ found }] = await owner.query('SELECT count(DISTINCT user_id)::int AS found FROM email_indexes');
    expect(found).toBe(PEOPLE);
  },
  LONG_MS,
);

test(
  'a reseal that is killed in the middle leaves nobody between two keys, and begun again with its time does the rest',
  async () => {
    const since = new Date().toISOString();
    const inUse = async () => {
      const [row] = await owner.query(
        `SELECT count(*)::int AS keys, count(DISTINCT user_id)::int AS people,
           (count(*) FILTER (WHERE created_at >= $1))::int AS renewed FROM data_keys WHERE retired_at IS NULL`,
        [since],
      );
      return row;
    };
    expect((await gatehouse(`keys reseal --before ${since}`, /people: [1-9]/)).killed).toBe(true);
    const { renewed, ...between } = await inUse();
    expect(between).toEqual({ keys: PEOPLE, people: PEOPLE });
    expect(renewed).toBeGreaterThan(0);
    expect(renewed).toBeLessThan(PEOPLE);
    const output = await untilDone(`keys reseal --before ${since}`);
    expect(output).toContain(`Sealed again: ${PEOPLE - renewed} people.`);
    expect(await inUse()).toEqual({ keys: PEOPLE, people: PEOPLE, renewed: PEOPLE });
    const [{ told }] = await owner.query(
      `SELECT count(DISTINCT subject_id)::int AS told FROM audit_events WHERE type = 'data_key.replaced' AND at >= $1`,
      [since],
    );
    expect(told).toBe(PEOPLE);
    const anyone = new Client(server.url);
    for (const person of [0, renewed, PEOPLE - 1]) {
      const input = { email: seededAddress(person), password: PASSWORD };
      const { data } = await anyone.send(LOGIN, { input });
      const me = await anyone.as(data['login'].accessToken).send('{ me { email profile { displayName } } }');
      expect([me.errors, me.data['me'].email]).toEqual([[], input.email]);
    }
  },
  LONG_MS,
);
