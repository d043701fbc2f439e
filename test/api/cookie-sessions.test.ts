import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const REFRESH = 'mutation { refresh { accessToken refreshToken deviceToken } }';
const LOGOUT = 'mutation { logout { loggedOut } }';
const EMAIL = 'ada@example.com';

let server: TestServer;
/** A page of the server's own origin. */
let page: Client;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, CORS_ORIGINS: 'https://app.example.com' });
  page = server.anyone.with({ origin: server.shared.publicUrl });
  await server.signUp(EMAIL);
});
afterAll(() => server.stop());

interface Browser {
  readonly accessToken: string;
  readonly refresh: string;
  readonly device: string;
}
const cookieOf = (headers: Headers, name: string) =>
  headers
    .getSetCookie()
    .map((cookie) => new RegExp(`^${name}=([^;]*)`).exec(cookie)?.[1])
    .find((value) => value !== undefined);
async function browser(): Promise<Browser> {
  const { data, headers } = await login(page, EMAIL, PASSWORD, { delivery: 'COOKIE' });
  return {
    accessToken: data['login'].accessToken,
    refresh: cookieOf(headers, 'refresh') ?? '',
    device: cookieOf(headers, 'device') ?? '',
  };
}
const refreshWith = (cookie: string, from = page) => from.with({ cookie }).send(REFRESH);

describe('a refresh cookie', () => {
  test('is taken as it was set, from each allowed origin, and answers with the next one alone', async () => {
    const it = await browser();
    const first = await refreshWith(`theme=dark; refresh=${it.refresh}; device=${it.device}`);
    expect(first.data['refresh']).toEqual({ accessToken: expect.any(String), refreshToken: null, deviceToken: null });
    expect(first.headers.getSetCookie()).toHaveLength(1);
    const app = server.anyone.with({ origin: 'https://app.example.com' });
    const second = await refreshWith(`refresh=${cookieOf(first.headers, 'refresh')}`, app);
    expect(second.code).toBeUndefined();
    expect(second.text).not.toContain(cookieOf(second.headers, 'refresh'));
  });

  test('that was tampered with, planted beside it or of another purpose is INVALID_TOKEN, and ends nothing', async () => {
    const it = await browser();
    const { refreshToken, deviceToken } = await server.logIn(EMAIL);
    const [session, generation, mac = ''] = it.refresh.split('.');
    const cookies = [
      `refresh=${session}.${generation}.${mac.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `refresh=${session}.1.${mac}`,
      `refresh=${it.refresh}x`,
      `refresh="${it.refresh}"`,
      `refresh=${it.refresh}; refresh=${it.refresh}`,
      `refresh=; refresh=${it.refresh}`,
      `refresh=${it.refresh}; refresh=planted`,
      `REFRESH=${it.refresh}`,
      `__Host-refresh=${it.refresh}`,
      `device=${it.refresh}`,
      `refresh=${it.device}`,
      `refresh=${it.accessToken}`,
      `refresh=${deviceToken}`,
      // An app's token planted in a browser.
      `refresh=${refreshToken}`,
      'refresh=',
      `refresh=${'a'.repeat(4_000)}`,
    ];
    for (const cookie of cookies) {
      const { status, code, headers } = await refreshWith(cookie);
      expect([cookie, status, code, headers.getSetCookie()]).toEqual([cookie, 200, 'INVALID_TOKEN', []]);
    }
    expect((await refreshWith(`refresh=${it.refresh}`)).code).toBeUndefined();
  });

  test('counts for nothing from another origin or none', async () => {
    const it = await browser();
    const cookie = `refresh=${it.refresh}`;
    for (const origin of ['https://evil.example', 'null', `${server.shared.publicUrl}.evil.example`, '']) {
      const { code, headers } = await refreshWith(cookie, server.anyone.with({ origin }));
      expect([origin, code, headers.getSetCookie()]).toEqual([origin, 'INVALID_TOKEN', []]);
    }
    expect((await refreshWith(cookie, server.anyone)).code).toBe('INVALID_TOKEN');
    expect((await refreshWith(cookie)).code).toBeUndefined();
  });
});

describe('logout by cookie', () => {
  test('ends the session by the cookie alone and takes the cookie away', async () => {
    const it = await browser();
    const out = await page.with({ cookie: `refresh=${it.refresh}` }).send(LOGOUT);
    expect(out.data).toEqual({ logout: { loggedOut: true } });
    expect(cookieOf(out.headers, 'refresh')).toBe('');
    expect((await server.anyone.as(it.accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
  });

  test('from another origin ends nothing, leaves the cookie, and does not fail', async () => {
    const it = await browser();
    const far = server.anyone.with({ origin: 'https://evil.example', cookie: `refresh=${it.refresh}` });
    const out = await far.send(LOGOUT);
    expect([out.data, out.headers.getSetCookie()]).toEqual([{ logout: { loggedOut: false } }, []]);
    expect((await refreshWith(`refresh=${it.refresh}`)).code).toBeUndefined();
  });

  test('with a cookie that is none answers false, and takes it away', async () => {
    const out = await page.with({ cookie: 'refresh=nonsense' }).send(LOGOUT);
    expect([out.data, cookieOf(out.headers, 'refresh')]).toEqual([{ logout: { loggedOut: false } }, '']);
  });
});

describe('what sets a cookie', () => {
  test('needs an allowed origin: a login, a step-up and a reset alike, and none of them counts without', async () => {
    const it = await browser();
    const stepUp = `mutation { reauthenticate(input: { password: "${PASSWORD}" }) { refreshToken } }`;
    const away = server.anyone.as(it.accessToken).with({ origin: 'https://evil.example' });
    expect((await away.send(stepUp)).code).toBe('BAD_USER_INPUT');
    const done = await page.as(it.accessToken).send(stepUp);
    expect(done.data['reauthenticate']).toEqual({ refreshToken: null });
    expect(cookieOf(done.headers, 'refresh')).toMatch(/^[\w-]+\.\d+\./);

    await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${EMAIL}" }) { accepted } }`);
    const token = await server.mails.token(EMAIL, 2);
    const reset = (client: Client, newPassword: string) =>
      client.send('mutation M($i: ResetPasswordInput!) { resetPassword(input: $i) { reset deviceToken } }', {
        i: { token, newPassword, delivery: 'COOKIE' },
      });
    expect((await reset(server.anyone, 'nine copper violets in the rain')).code).toBe('BAD_USER_INPUT');
    const used = await reset(page, 'nine copper violets in the rain');
    expect(used.data).toEqual({ resetPassword: { reset: true, deviceToken: null } });
    expect(used.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual(['device']);
  });

  test('never is an answer with BODY, and never holds the access token', async () => {
    await server.signUp('bob@example.com');
    const app = await login(page, 'bob@example.com', PASSWORD);
    expect(app.headers.getSetCookie()).toEqual([]);
    const { headers, data } = await login(page, 'bob@example.com', PASSWORD, { delivery: 'COOKIE' });
    expect(headers.getSetCookie().join()).not.toContain(data['login'].accessToken);
  });
});

test('a refresh token of before a step-up is INVALID_TOKEN, no reuse: the session goes on', async () => {
  await server.signUp('eve@example.com');
  const { client, refreshToken, sessionId } = await server.logIn('eve@example.com');
  const stepped = await client.send(
    `mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken refreshToken } }`,
  );
  server.clock.advanceSeconds(11);
  const refresh = (t: string) =>
    server.anyone.send('mutation M($t: String!) { refresh(input: { refreshToken: $t }) { accessToken } }', { t });
  expect((await refresh(refreshToken)).code).toBe('INVALID_TOKEN');
  expect((await refresh(stepped.data['reauthenticate'].refreshToken)).code).toBeUndefined();
  const events = await server.database.query(
    `SELECT 1 FROM audit_events WHERE type = 'session.reuse_detected' AND details->>'session' = $1`,
    [sessionId],
  );
  expect(events).toEqual([]);
});
