import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { launchChromium, PlaygroundPage } from '../support/playground-page.ts';
import { buildServer, readMailedToken, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const dataDir = join(process.env['TEST_POSTGRES_DIR'] ?? tmpdir(), `playground-${randomUUID()}`);
let database: TestDatabase;
let server: ServerProcess;
let browser: Browser;

const start = (settings: Readonly<Record<string, string>>) =>
  startServerProcess({
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DATABASE_URL: database.serverUrl.reveal(),
    MIGRATION_DATABASE_URL: database.ownerUrl.reveal(),
    ...settings,
  });

/** Types the begin of a field into the shown tab's operation and waits for the rest to be offered. */
async function expectCompletion({ page }: PlaygroundPage): Promise<void> {
  await page.locator('.graphiql-query-editor .view-line').getByText('emailVerified').click();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('lastLog', { delay: 50 });
  await page.locator('.suggest-widget .monaco-list-row').getByText('lastLoginAt').waitFor();
}

beforeAll(async () => {
  await mkdir(dataDir, { mode: 0o700 });
  database = await cloneDatabase();
  await buildServer();
  server = await start({});
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await database?.drop();
  await rm(dataDir, { recursive: true, force: true });
});

describe('the playground', () => {
  test('is served under the strictest policy that its editor bears, its files for ever by their hashes', async () => {
    const response = await fetch(server.url);
    const directives = (response.headers.get('content-security-policy') ?? '').split(';').map((each) => each.trim());
    expect(directives.filter(Boolean).sort()).toEqual([...POLICY].sort());
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
    const script = /src="(\/assets\/[^"]+-[\w-]{8}\.js)"/.exec(page)?.[1] ?? '';
    const asset = await fetch(server.url + script);
    expect(asset.headers.get('content-type')).toMatch(/javascript/);
    expect(asset.headers.get('cache-control')).toMatch(/immutable/);
  });

  test('takes a person from Register to Me and out again, carries the token, and stores nothing', async () => {
    const playground = await PlaygroundPage.open(browser, server.url);
    const runExample = async (name: string) => {
      await playground.show(name);
      return playground.run();
    };

    expect(await runExample('ServerInfo')).toMatchObject({ data: { serverInfo: { registrationOpen: true } } });
    expect(await runExample('Me')).toEqual({ data: { me: null } });
    expect(await runExample('Register')).toEqual({ data: { register: { accepted: true } } });
    await playground.show('VerifyEmail');
    await playground.setVariables({ input: { token: await readMailedToken(dataDir) } });
    expect(await playground.run()).toMatchObject({ data: { verifyEmail: { verified: true } } });

    expect(await playground.heldToken()).toBe('');
    expect(await runExample('Login')).toMatchObject({ data: { login: { __typename: 'LoggedIn' } } });
    const first = await playground.heldToken();
    expect(first).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await runExample('Me')).toMatchObject({ data: { me: { email: 'ada@example.com', status: 'ACTIVE' } } });
    expect(await runExample('UpdateProfile')).toMatchObject({
      data: { updateProfile: { user: { profile: { displayName: 'Ada L.', phone: '+41446681800' } } } },
    });

    expect(await runExample('Refresh')).toMatchObject({ data: { refresh: { tokenType: 'Bearer' } } });
    expect(await playground.heldToken()).not.toBe(first);
    expect(await runExample('Me')).toMatchObject({ data: { me: { profile: { displayName: 'Ada L.' } } } });
    expect(await runExample('Logout')).toEqual({ data: { logout: { loggedOut: true } } });
    expect(await playground.heldToken()).toBe('');
    expect(await runExample('Me')).toEqual({ data: { me: null } });

    expect(await playground.stored()).toEqual({ local: {}, session: {}, cookie: '', databases: 0 });
    playground.expectQuiet();
  });

  test('its button ends the session at the server, not here alone', async () => {
    const playground = await PlaygroundPage.open(browser, server.url);
    await playground.show('Login');
    expect(await playground.run()).toMatchObject({ data: { login: { __typename: 'LoggedIn' } } });
    const token = await playground.heldToken();
    const told = playground.page.waitForResponse(`${server.url}/graphql`);
    await playground.page.getByRole('button', { name: 'Log out' }).click();
    expect(await (await told).json()).toEqual({ data: { logout: { loggedOut: true } } });
    expect(await playground.heldToken()).toBe('');

    await playground.page.getByPlaceholder('access token').fill(token);
    await playground.show('Me');
    expect(await playground.run()).toMatchObject({
      data: { me: null },
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    playground.expectQuiet();
  });

  test('completes from the schema', async () => {
    const playground = await PlaygroundPage.open(browser, server.url);
    await playground.show('Me');
    await expectCompletion(playground);
    playground.expectQuiet();
  });

  test('completes from /schema.graphql where introspection is refused', async () => {
    const closed = await start({ INTROSPECTION: 'off' });
    try {
      const playground = await PlaygroundPage.open(browser, closed.url);
      await playground.show('Me');
      await expectCompletion(playground);
      expect(await playground.page.getByText('No schema').count()).toBe(0);
    } finally {
      await closed.stop();
    }
  });

  test('says why it has no schema where both are off, and runs operations all the same', async () => {
    const closed = await start({ INTROSPECTION: 'off', SCHEMA_ENDPOINT: 'off' });
    try {
      const playground = await PlaygroundPage.open(browser, closed.url);
      const notice = playground.page.getByText('No schema: introspection and /schema.graphql are both off here.');
      await notice.first().waitFor();
      await playground.show('ServerInfo');
      expect(await playground.run()).toMatchObject({ data: { serverInfo: { registrationOpen: true } } });
    } finally {
      await closed.stop();
    }
  });

  test('offers its own examples alone, whatever the URL asks for', async () => {
    const asked = encodeURIComponent('mutation Planted { logout { loggedOut } }');
    const playground = await PlaygroundPage.open(browser, server.url, `/?query=${asked}#query=${asked}`);
    const tabs = await playground.tabs();
    expect(tabs.slice(0, 4)).toEqual(['Register', 'VerifyEmail', 'Login', 'Me']);
    expect(tabs).not.toContain('Planted');
    expect(await playground.page.locator('#root').textContent()).not.toContain('Planted');
    playground.expectQuiet();
  });
});
