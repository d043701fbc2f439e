/**
 * Starts the built server as a person would, on an embedded database of its own, and goes through a first session by HTTP,
 * then uses the commands beside it, kills it hard, and ends it in order. Stops at the first thing that is not as it should be.
 * With a path as its argument it writes there how many steps passed and failed.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One that nobody uses. */
const PORT = await new Promise((resolve, reject) => {
  const probe = createServer();
  probe.once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const URL = `http://127.0.0.1:${PORT}`;
const PASSWORD = 'correct horse battery staple';
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-ci-'));
const env = { ...process.env, PORT: String(PORT), DATA_DIR: dataDir, LOG_LEVEL: 'warn' };

async function start() {
  const begun = performance.now();
  const started = spawn(process.execPath, ['src/build.mjs', '--quiet', '--run'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (started.exitCode !== null || started.signalCode !== null) throw new Error('The server ended at its start');
    const ready = await fetch(`${URL}/health/ready`).catch(() => undefined);
    if (ready?.ok) return { child: started, seconds: (performance.now() - begun) / 1000 };
    await sleep(100);
  }
  throw new Error('The server is not ready');
}

async function stop(child, signal) {
  const begun = performance.now();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
  return (performance.now() - begun) / 1000;
}

async function ask(query, { token, variables } = {}) {
  const response = await fetch(`${URL}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

async function mailedToken() {
  for (let tries = 0; tries < 100; tries += 1) {
    const outbox = join(dataDir, 'outbox');
    const names = readdirSync(dataDir).includes('outbox') ? readdirSync(outbox) : [];
    // One that begins with a dot is still being written.
    const mail = names.find((name) => !name.startsWith('.'));
    const token = mail && /^Token: (\S+)\r?$/m.exec(readFileSync(join(outbox, mail), 'utf8'))?.[1];
    if (token) return token;
    await sleep(100);
  }
  throw new Error('No mail in the outbox');
}

const LOGIN = `mutation { login(input: { email: "ada@example.com", password: "${PASSWORD}" }) {
  ... on LoggedIn { accessToken refreshToken } } }`;

/** Runs a command of gatehouse to its end, `input` on its standard input. */
async function gatehouse(words, { input = '', settings = {} } = {}) {
  const command = spawn(process.execPath, ['src/build.mjs', '--quiet', '--run', ...words], {
    env: { ...env, ...settings },
  });
  command.stdin.end(input);
  let said = '';
  for (const stream of [command.stdout, command.stderr]) {
    stream.on('data', (part) => {
      said += part;
    });
  }
  const code = await new Promise((resolve) => command.once('close', resolve));
  return { code, said };
}

/** The addresses on which the server and its PostgreSQL listen, or undefined where `ss` is missing. */
function listeners() {
  const { stdout, error } = spawnSync('ss', ['-ltnpH'], { encoding: 'utf8' });
  if (error) return undefined;
  const postgres = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0];
  return stdout
    .split('\n')
    .filter((line) => line.includes(`pid=${child.pid},`) || line.includes(`pid=${postgres},`))
    .map((line) => line.split(/\s+/)[3]);
}

/** Whether the PostgreSQL of this DATA_DIR runs. */
function hasPostgres() {
  if (!existsSync(join(dataDir, 'postgres/postmaster.pid'))) return false;
  const [pid] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

let passed = 0;
async function step(name, prove) {
  const begun = performance.now();
  try {
    await prove();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
  passed += 1;
  console.log(`  ${name} (${Math.round(performance.now() - begun)} ms)`);
}

let child;
let token;
let refreshToken;
const steps = {
  'wrong settings are all named before anything starts': async () => {
    const { code, said } = await gatehouse([], { settings: { PORT: 'many', REGISTRATION: 'maybe' } });
    assert.equal(code, 1);
    assert.match(said, /PORT/);
    assert.match(said, /REGISTRATION/);
    assert.equal(existsSync(join(dataDir, 'postgres')), false);
  },
  'it starts with no database there': async () => {
    ({ child } = await start());
  },
  'it listens on the loopback interface alone': async () => {
    const found = listeners();
    assert.ok(found === undefined || found.length === 2, `it listens on ${found}`);
    for (const address of found ?? []) assert.match(address, /^127\.0\.0\.1:/);
  },
  register: async () => {
    const input = { email: 'ada@example.com', password: PASSWORD, profile: { displayName: 'Ada' } };
    const registered = await ask('mutation($input: RegisterInput!) { register(input: $input) { accepted } }', {
      variables: { input },
    });
    assert.deepEqual(registered.data, { register: { accepted: true } });
  },
  'verifyEmail with the mailed token': async () => {
    const verified = await ask(`mutation { verifyEmail(input: { token: "${await mailedToken()}" }) { verified } }`);
    assert.deepEqual(verified.data, { verifyEmail: { verified: true } });
  },
  login: async () => {
    ({ accessToken: token, refreshToken } = (await ask(LOGIN)).data.login);
    assert.equal(typeof token, 'string');
  },
  me: async () => {
    const me = await ask('{ me { email roles { name } profile { displayName } } }', { token });
    assert.deepEqual(me.data.me, {
      email: 'ada@example.com',
      roles: [{ name: 'user' }],
      profile: { displayName: 'Ada' },
    });
  },
  updateProfile: async () => {
    const updated = await ask('mutation { updateProfile(input: { bio: "Notes" }) { user { profile { bio } } } }', {
      token,
    });
    assert.equal(updated.data.updateProfile.user.profile.bio, 'Notes');
  },
  refresh: async () => {
    const refreshed = await ask(`mutation { refresh(input: { refreshToken: "${refreshToken}" }) { accessToken } }`);
    token = refreshed.data.refresh.accessToken;
    assert.equal(typeof token, 'string');
  },
  logout: async () => {
    const answer = await ask('mutation { logout { loggedOut } }', { token });
    assert.deepEqual(answer.data, { logout: { loggedOut: true } });
  },
  'me is null for nobody, and UNAUTHENTICATED for the ended session': async () => {
    assert.deepEqual((await ask('{ me { email } }')).data, { me: null });
    assert.equal((await ask('{ me { email } }', { token })).errors[0].extensions.code, 'UNAUTHENTICATED');
  },
  'a command makes an administrator beside the running server': async () => {
    const words = ['users', 'create', '--email', 'grace@example.com', '--role', 'admin', '--password-stdin'];
    assert.deepEqual(await gatehouse(words, { input: `${PASSWORD}\n` }), {
      code: 0,
      said: 'Made grace@example.com with the roles user, admin.\n',
    });
    const login = await ask(LOGIN.replace('ada@', 'grace@'));
    const me = await ask('{ me { roles { name } } }', { token: login.data.login.accessToken });
    assert.deepEqual(me.data.me.roles.map(({ name }) => name).sort(), ['admin', 'user']);
  },
  "TypeORM's command line finds all migrations done, and nothing to generate": async () => {
    const { code, said } = await gatehouse(['typeorm', 'migration:show']);
    assert.equal(code, 0);
    assert.match(said, /^(\[X\] .*\n)+$/);
    const generated = await gatehouse(['typeorm', 'migration:generate', join(dataDir, 'difference')]);
    assert.match(generated.said, /^No changes in database schema were found/);
  },
  'wrong words are refused': async () => {
    assert.equal((await gatehouse(['nonsense'])).code, 2);
  },
  'after kill -9 it starts again within 10 s, with all data': async () => {
    await stop(child, 'SIGKILL');
    const again = await start();
    child = again.child;
    assert.ok(again.seconds < 10, `it took ${again.seconds.toFixed(1)} s`);
    assert.equal(typeof (await ask(LOGIN)).data.login.accessToken, 'string');
  },
  'SIGTERM ends everything within 5 s': async () => {
    const seconds = await stop(child, 'SIGTERM');
    assert.ok(seconds < 5, `it took ${seconds.toFixed(1)} s`);
    assert.equal(child.exitCode, 0);
    assert.equal(hasPostgres(), false);
  },
  'SIGINT does so too, after another start': async () => {
    ({ child } = await start());
    assert.ok((await stop(child, 'SIGINT')) < 5);
    assert.equal(child.exitCode, 0);
    assert.equal(hasPostgres(), false);
  },
};

let failed = 0;
try {
  for (const [name, prove] of Object.entries(steps)) await step(name, prove);
} catch (error) {
  failed = 1;
  console.log(error);
} finally {
  child?.kill('SIGTERM');
  if (child?.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  rmSync(dataDir, { recursive: true, force: true });
}
const [, , report] = process.argv;
if (report !== undefined) writeFileSync(report, `${passed} ${failed}\n`);
process.exitCode = failed;
