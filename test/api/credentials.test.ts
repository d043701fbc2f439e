import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const NEWER = 'nine copper violets in the rain';
const CHANGE = 'mutation($input: ChangePasswordInput!) { changePassword(input: $input) { changed } }';
const RESET = 'mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { reset deviceToken } }';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ AUDIENCES: 'https://shop.example' });
});
afterAll(() => server.stop());

const login = (email: string, password: string) =>
  server.anyone.send('mutation($input: LoginInput!) { login(input: $input) { __typename } }', {
    input: { email, password },
  });

describe('changePassword', () => {
  test('ends the other sessions, keeps this one, mails a notice, and only the new one opens the account', async () => {
    const ada = await server.person('ada@example.com');
    const other = await server.logIn('ada@example.com');
    const changed = await ada.client.send(CHANGE, { input: { currentPassword: PASSWORD, newPassword: NEWER } });
    expect(changed.data).toEqual({ changePassword: { changed: true } });
    expect((await ada.client.send('{ me { id } }')).code).toBeUndefined();
    expect((await other.client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await login('ada@example.com', PASSWORD)).code).toBe('INVALID_CREDENTIALS');
    expect((await login('ada@example.com', NEWER)).code).toBeUndefined();
    expect((await server.mails.wait('ada@example.com', 2)).subject).toMatch(/password/i);
  });

  test('refuses a wrong current password, the current one as new, and a weak one', async () => {
    const { client } = await server.person('bea@example.com');
    const change = (currentPassword: string, newPassword: string) =>
      client.send(CHANGE, { input: { currentPassword, newPassword } });
    expect((await change('another password altogether', NEWER)).code).toBe('INVALID_CREDENTIALS');
    const same = await change(PASSWORD, PASSWORD);
    expect(same.errors[0]?.extensions).toMatchObject({ code: 'WEAK_PASSWORD', reasons: ['UNCHANGED'] });
    const personal = await change(PASSWORD, 'bea@example.com');
    expect(personal.errors[0]?.extensions.reasons).toContain('PERSONAL');
    expect(personal.errors[0]?.extensions.fields?.[0]?.path).toEqual(['input', 'newPassword']);
  });
});

describe('a password reset', () => {
  const ask = (email: string) =>
    server.anyone.send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);

  test('answers the same for an address that nobody has, and mails nobody', async () => {
    const unknown = await ask('nobody@example.com');
    expect(unknown.data).toEqual({ requestPasswordReset: { accepted: true } });
    expect(server.mails.to('nobody@example.com')).toHaveLength(0);
  });

  test('ends every session, gives none, and its token works once under 50 tries', async () => {
    const { client } = await server.person('cleo@example.com');
    await ask('cleo@example.com');
    const token = await server.mails.token('cleo@example.com', 2);
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => server.anyone.send(RESET, { input: { token, newPassword: NEWER } })),
    );
    expect(tries.filter((answer) => answer.data?.['resetPassword']?.reset)).toHaveLength(1);
    expect((await client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await server.anyone.send(RESET, { input: { token, newPassword: `${NEWER}!` } })).code).toBe(
      'INVALID_TOKEN',
    );
    expect((await login('cleo@example.com', NEWER)).code).toBeUndefined();
  });

  test('is void after thirty minutes, and after another change of the password', async () => {
    const { client } = await server.person('dora@example.com');
    await ask('dora@example.com');
    const late = await server.mails.token('dora@example.com', 2);
    server.clock.advanceSeconds(1_801);
    expect((await server.anyone.send(RESET, { input: { token: late, newPassword: NEWER } })).code).toBe(
      'INVALID_TOKEN',
    );
    const again = await server.logIn('dora@example.com');
    await ask('dora@example.com');
    const token = await server.mails.token('dora@example.com', 3);
    await again.client.send(CHANGE, { input: { currentPassword: PASSWORD, newPassword: NEWER } });
    expect((await server.anyone.send(RESET, { input: { token, newPassword: `${NEWER}!` } })).code).toBe(
      'INVALID_TOKEN',
    );
    expect((await client.send('{ me { id } }')).code).toBeDefined();
  });
});

describe('a change of address', () => {
  const request = 'mutation($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { accepted } }';
  const confirm = 'mutation($input: ConfirmEmailChangeInput!) { confirmEmailChange(input: $input) { user { email } } }';
  const revert = 'mutation($input: RevertEmailChangeInput!) { revertEmailChange(input: $input) { reverted } }';

  test('takes effect with the token of the new address, and can be undone with that of the old one', async () => {
    const { client } = await server.person('fay@example.com');
    const asked = await client.send(request, { input: { newEmail: 'fay.new@example.com' } });
    expect(asked.data).toEqual({ requestEmailChange: { accepted: true } });
    const token = await server.mails.token('fay.new@example.com');
    const stranger = await server.person('gus@example.com');
    expect((await stranger.client.send(confirm, { input: { token } })).code).toBe('INVALID_TOKEN');
    expect((await server.anyone.send(confirm, { input: { token } })).code).toBe('UNAUTHENTICATED');
    const moved = await client.send(confirm, { input: { token } });
    expect(moved.data).toEqual({ confirmEmailChange: { user: { email: 'fay.new@example.com' } } });
    expect((await login('fay@example.com', PASSWORD)).code).toBe('INVALID_CREDENTIALS');
    expect((await login('fay.new@example.com', PASSWORD)).code).toBeUndefined();

    const undo = await server.mails.token('fay@example.com', 3);
    const undone = await server.anyone.send(revert, { input: { token: undo } });
    expect(undone.data).toEqual({ revertEmailChange: { reverted: true } });
    expect((await client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await login('fay@example.com', PASSWORD)).code).toBe('INVALID_CREDENTIALS');
    const reset = await server.mails.token('fay@example.com', 4);
    expect((await server.anyone.send(RESET, { input: { token: reset, newPassword: NEWER } })).code).toBeUndefined();
    expect((await login('fay@example.com', NEWER)).code).toBeUndefined();
    expect((await server.anyone.send(revert, { input: { token: undo } })).code).toBe('INVALID_TOKEN');
  });

  test('needs a recent login, which reauthenticate gives; the tokens from before are dead', async () => {
    const old = await server.person('hal@example.com');
    server.clock.advanceSeconds(601);
    const stale = await server.anyone.send(
      `mutation { refresh(input: { refreshToken: "${old.refreshToken}" }) { accessToken refreshToken } }`,
    );
    const client = server.anyone.as(stale.data['refresh'].accessToken);
    const asked = await client.send(request, { input: { newEmail: 'hal2@example.com' } });
    expect(asked.code).toBe('REAUTHENTICATION_REQUIRED');
    const prove = (password: string) =>
      client.send(`mutation { reauthenticate(input: { password: "${password}" }) { accessToken refreshToken } }`);
    expect((await prove('not the password at all')).code).toBe('INVALID_CREDENTIALS');
    const fresh = (await prove(PASSWORD)).data['reauthenticate'];
    expect((await client.send('{ me { id } }')).code).toBe('TOKEN_EXPIRED');
    const dead = await server.anyone.send(
      `mutation { refresh(input: { refreshToken: "${stale.data['refresh'].refreshToken}" }) { accessToken } }`,
    );
    expect(dead.code).toBe('INVALID_TOKEN');
    const again = await server.anyone.as(fresh.accessToken).send(request, { input: { newEmail: 'hal2@example.com' } });
    expect(again.data).toEqual({ requestEmailChange: { accepted: true } });
  });
});

describe('sessions', () => {
  test('are listed to their owner, named, and ended one by one or all but this', async () => {
    await server.signUp('ivy@example.com');
    const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const browser = await server.anyone
      .with({ 'user-agent': firefox })
      .send(
        `mutation { login(input: { email: "ivy@example.com", password: "${PASSWORD}" }) { ... on LoggedIn { session { id deviceName } } } }`,
      );
    expect(browser.data['login'].session.deviceName).toBe('Firefox on Windows');
    const { client, sessionId } = await server.logIn('ivy@example.com');
    await server.logIn('ivy@example.com');
    const listed = await client.send('{ me { sessions { id current } } }');
    expect(listed.data['me'].sessions).toHaveLength(3);
    expect(listed.data['me'].sessions.filter((one: { current: boolean }) => one.current)).toEqual([
      { id: sessionId, current: true },
    ]);
    const end = (id: string) =>
      client.send('mutation($id: ID!) { revokeSession(input: { id: $id }) { revoked revokedSessionId } }', { id });
    const { id } = browser.data['login'].session;
    expect((await end(id)).data['revokeSession']).toEqual({ revoked: true, revokedSessionId: id });
    const twice = await end(id);
    const anothers = await end((await server.logIn('ada@example.com', NEWER)).sessionId);
    expect([twice.code, anothers.code, (await end('x')).code]).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
    const others = await client.send('mutation { revokeOtherSessions { revokedCount } }');
    expect(others.data['revokeOtherSessions'].revokedCount).toBe(1);
  });

  test('give tokens for the listed services alone, which this server refuses', async () => {
    const { client } = await server.person('joe@example.com');
    const ask = (audience: string) =>
      client.send('mutation($audience: String!) { serviceToken(input: { audience: $audience }) { accessToken } }', {
        audience,
      });
    const { accessToken } = (await ask('https://shop.example')).data['serviceToken'];
    expect((await server.anyone.as(accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await ask('https://evil.example')).code).toBe('BAD_USER_INPUT');
  });
});

describe('a cookie session', () => {
  const LOGIN = `mutation { login(input: { email: "kim@example.com", password: "${PASSWORD}", delivery: COOKIE }) {
    ... on LoggedIn { accessToken refreshToken deviceToken } } }`;

  test('takes its refresh token from the cookie alone, from an allowed origin alone', async () => {
    await server.signUp('kim@example.com');
    const here = server.anyone.with({ origin: server.shared.publicUrl });
    expect((await server.anyone.send(LOGIN)).code).toBe('BAD_USER_INPUT');
    expect((await here.with({ 'sec-fetch-site': 'cross-site' }).send(LOGIN)).code).toBe('BAD_USER_INPUT');
    const logged = await here.send(LOGIN);
    expect(logged.data['login']).toMatchObject({ refreshToken: null, deviceToken: null });
    const cookies = logged.headers.getSetCookie();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const cookie = cookies.map((one) => one.split(';')[0]).join('; ');
    const token = /refresh=([^;]+)/.exec(cookie)?.[1] ?? '';
    const refresh = 'mutation { refresh { accessToken refreshToken } }';
    expect((await server.anyone.with({ cookie }).send(refresh)).code).toBe('INVALID_TOKEN');
    expect((await here.with({ cookie, origin: 'https://evil.example' }).send(refresh)).code).toBe('INVALID_TOKEN');
    const asArgument = await server.anyone.send(
      `mutation { refresh(input: { refreshToken: "${token}" }) { accessToken } }`,
    );
    expect(asArgument.code).toBe('INVALID_TOKEN');
    expect((await here.with({ cookie: `${cookie}; refresh=x` }).send(refresh)).code).toBe('INVALID_TOKEN');
    const refreshed = await here.with({ cookie }).send(refresh);
    expect(refreshed.data['refresh'].refreshToken).toBeNull();
    const newer = refreshed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const out = await here.with({ cookie: newer }).send('mutation { logout { loggedOut } }');
    expect(out.data).toEqual({ logout: { loggedOut: true } });
    expect(out.headers.getSetCookie()[0]).toMatch(/^refresh=; Max-Age=0/);
    expect((await here.send('mutation { logout { loggedOut } }')).data).toEqual({ logout: { loggedOut: false } });
  });
});

describe('a device token', () => {
  test('keeps the owner’s login open while others guess, has five failures, and then is spent', async () => {
    await server.signUp('lea@example.com');
    const { deviceToken } = await server.logIn('lea@example.com');
    const send = (password: string, token?: string) =>
      server.anyone.send('mutation($input: LoginInput!) { login(input: $input) { ... on LoggedIn { deviceToken } } }', {
        input: { email: 'lea@example.com', password, ...(token ? { deviceToken: token } : {}) },
      });
    for (let guess = 0; guess < 10; guess += 1) await send(`wrong password number ${guess}`);
    expect((await send(PASSWORD)).code).toBe('RATE_LIMITED');
    const known = await send(PASSWORD, deviceToken);
    expect(known.code).toBeUndefined();
    const newer = known.data['login'].deviceToken;
    const wrong = await Promise.all(Array.from({ length: 50 }, (_, at) => send(`wrong with device ${at}`, newer)));
    expect(wrong.filter((answer) => answer.code === 'INVALID_CREDENTIALS')).toHaveLength(5);
    expect((await send(PASSWORD, newer)).code).toBe('RATE_LIMITED');
    server.clock.advanceSeconds(3_601);
    expect((await send(PASSWORD, newer)).code).toBeUndefined();
  });
});

describe('the length of a password', () => {
  const TOO_LONG = [
    ['257 characters', 'xk2vq9wz7hfm4tb-'.repeat(17)],
    ['257 signs of four bytes', '🐴'.repeat(257)],
    ['30,000 signs that NFKC makes 18 letters each', '﷽'.repeat(30_000)],
  ] as const;
  const expectTooLong = ({ errors, text }: Awaited<ReturnType<typeof login>>, password: string) => {
    expect(errors[0]?.extensions).toMatchObject({ code: 'WEAK_PASSWORD', reasons: ['TOO_LONG'] });
    expect(errors[0]?.extensions.fields).toEqual([
      {
        path: ['input', 'newPassword'],
        code: 'TOO_LONG',
        limit: 256,
        reasons: ['TOO_LONG'],
        message: expect.any(String),
      },
    ]);
    expect(text).not.toContain(password.slice(0, 32));
  };

  test.each(TOO_LONG)('is a weakness of a new one, and nothing of %s is hashed', async (_, newPassword) => {
    const email = `moe${newPassword.length}@example.com`;
    const { client } = await server.person(email);
    expectTooLong(await client.send(CHANGE, { input: { currentPassword: PASSWORD, newPassword } }), newPassword);
    await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
    const token = await server.mails.token(email, 2);
    expectTooLong(await server.anyone.send(RESET, { input: { token, newPassword } }), newPassword);
    // The refusal has not used the token, and what just fits is taken.
    const fits = 'xk2vq9wz7hfm4tb-'.repeat(16).replace(/.$/, `${newPassword.length % 10}`);
    expect((await server.anyone.send(RESET, { input: { token, newPassword: fits } })).errors).toEqual([]);
    expect((await login(email, fits)).code).toBeUndefined();
  });

  test('of none at all is one too, and a text that nobody can have set is refused as a current one for its form', async () => {
    const { client } = await server.person('ned@example.com');
    const empty = await client.send(CHANGE, { input: { currentPassword: PASSWORD, newPassword: '' } });
    expect(empty.errors[0]?.extensions).toMatchObject({ code: 'WEAK_PASSWORD' });
    expect(empty.errors[0]?.extensions.reasons).toContain('TOO_SHORT');
    for (const [, currentPassword] of TOO_LONG) {
      const answer = await client.send(CHANGE, { input: { currentPassword, newPassword: NEWER } });
      expect(answer.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ code: 'TOO_LONG' }] });
    }
  });
});
