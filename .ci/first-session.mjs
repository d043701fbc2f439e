/**
 * Starts the built server as a person would, on an embedded database of its own, and goes through a first session by HTTP:
 * register, the mail, verifyEmail, login, me, updateProfile, refresh, logout. Then kills it hard, starts it again and finds
 * the account there. Exits 1 at the first answer that is not as it should be.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 4123;
const URL = `http://127.0.0.1:${PORT}`;
const PASSWORD = 'correct horse battery staple';
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-ci-'));
const env = { ...process.env, PORT: String(PORT), DATA_DIR: dataDir, LOG_LEVEL: 'warn' };

async function start() {
  const begun = performance.now();
  const child = spawn(process.execPath, ['src/build.mjs', '--quiet', '--run'], { env, stdio: 'inherit' });
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error('The server ended at its start');
    const ready = await fetch(`${URL}/health/ready`).catch(() => undefined);
    if (ready?.ok) return { child, seconds: (performance.now() - begun) / 1000 };
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
    const [mail] = readdirSync(dataDir).includes('outbox') ? readdirSync(outbox) : [];
    const token = mail && /^Token: (\S+)\r?$/m.exec(readFileSync(join(outbox, mail), 'utf8'))?.[1];
    if (token) return token;
    await sleep(100);
  }
  throw new Error('No mail in the outbox');
}

const LOGIN = `mutation { login(input: { email: "ada@example.com", password: "${PASSWORD}" }) {
  ... on LoggedIn { accessToken refreshToken } } }`;

let { child } = await start();
try {
  const input = { email: 'ada@example.com', password: PASSWORD, profile: { displayName: 'Ada' } };
  const registered = await ask('mutation($input: RegisterInput!) { register(input: $input) { accepted } }', {
    variables: { input },
  });
  assert.deepEqual(registered.data, { register: { accepted: true } });
  const verified = await ask(`mutation { verifyEmail(input: { token: "${await mailedToken()}" }) { verified } }`);
  assert.deepEqual(verified.data, { verifyEmail: { verified: true } });
  const { accessToken: token, refreshToken } = (await ask(LOGIN)).data.login;
  const me = await ask('{ me { email roles { name } profile { displayName } } }', { token });
  assert.deepEqual(me.data.me, {
    email: 'ada@example.com',
    roles: [{ name: 'user' }],
    profile: { displayName: 'Ada' },
  });
  const updated = await ask('mutation { updateProfile(input: { bio: "Notes" }) { user { profile { bio } } } }', {
    token,
  });
  assert.equal(updated.data.updateProfile.user.profile.bio, 'Notes');
  const refreshed = await ask(`mutation { refresh(input: { refreshToken: "${refreshToken}" }) { accessToken } }`);
  const newer = refreshed.data.refresh.accessToken;
  assert.deepEqual((await ask('mutation { logout { loggedOut } }', { token: newer })).data, {
    logout: { loggedOut: true },
  });
  assert.deepEqual((await ask('{ me { email } }')).data, { me: null });
  assert.equal((await ask('{ me { email } }', { token: newer })).errors[0].extensions.code, 'UNAUTHENTICATED');

  await stop(child, 'SIGKILL');
  const again = await start();
  child = again.child;
  assert.equal(typeof (await ask(LOGIN)).data.login.accessToken, 'string');
  assert.ok((await stop(child, 'SIGTERM')) < 5, 'SIGTERM took over five seconds');
  console.log(`first session: as it should be; ready again after a kill in ${again.seconds.toFixed(1)} s`);
} finally {
  child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
}
