import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { PASSWORD } from '../support/server.ts';
import { buildServer, readMailedToken, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const ADDRESS = 'quagga.hollyhock@example.com';
const NAME = 'Quagga Hollyhock the Elder';
/** The minute that unwrapped data keys may live, what the timer that drops them adds, and the log of what waits. */
const A_MINUTE_MS = 66_000;

const dataDir = join(process.env['TEST_POSTGRES_DIR'] ?? tmpdir(), `memory-${randomUUID()}`);
let database: TestDatabase;
let server: ServerProcess;

beforeAll(async () => {
  await mkdir(dataDir, { mode: 0o700 });
  database = await cloneDatabase();
  await buildServer();
  server = await startServerProcess({
    NODE_ENV: 'test',
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${dataDir}`,
    DATA_DIR: dataDir,
    DATABASE_URL: database.serverUrl.reveal(),
    MIGRATION_DATABASE_URL: database.ownerUrl.reveal(),
  });
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** All that the server's memory still refers to, as text. */
async function heapOf(count: number): Promise<string> {
  server.signal('SIGUSR2');
  for (let waited = 0; waited < 60_000; waited += 250) {
    const names = (await readdir(dataDir)).filter((name) => name.endsWith('.heapsnapshot')).sort();
    const newest = names[count - 1];
    const text = newest ? await readFile(join(dataDir, newest), 'utf8') : '';
    if (text.trimEnd().endsWith('}')) return text;
    await sleep(250);
  }
  throw new Error('The server wrote no snapshot of its heap');
}

test('a minute after an erasure the server remembers nothing of the person', async () => {
  const anyone = new Client(server.url);
  await anyone.send('mutation($input: RegisterInput!) { register(input: $input) { accepted } }', {
    input: { email: ADDRESS, password: PASSWORD, profile: { displayName: NAME } },
  });
  const token = await readMailedToken(dataDir);
  await anyone.send('mutation($input: VerifyEmailInput!) { verifyEmail(input: $input) { verified } }', {
    input: { token },
  });
  const login = await anyone.send(
    'mutation($input: LoginInput!) { login(input: $input) { ... on LoggedIn { accessToken } } }',
    { input: { email: ADDRESS, password: PASSWORD } },
  );
  const person = anyone.as(login.data['login'].accessToken);
  const me = await person.send('{ me { email profile { displayName } } }');
  expect(me.data['me']).toEqual({ email: ADDRESS, profile: { displayName: NAME } });
  const erased = await person.send('mutation($input: EraseMeInput!) { eraseMe(input: $input) { erased } }', {
    input: { confirmEmail: ADDRESS },
  });
  expect(erased.data['eraseMe']).toEqual({ erased: true });
  await sleep(A_MINUTE_MS);
  const heap = await heapOf(1);
  expect(heap).toContain('eraseMe');
  for (const value of [ADDRESS, NAME, 'Quagga', 'hollyhock', PASSWORD]) expect(heap.includes(value)).toBe(false);
});
