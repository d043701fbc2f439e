import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, RESET } from '../support/account-acts.ts';
import type { Answer, Client } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600;
const DAY = 86_400;
const NEWER = 'nine copper violets in the rain';
/** Wrong passwords that shut an account here: fewer than by default, and more than any test tries beside them. */
const SHUT = 30;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    TRUSTED_PROXIES: '127.0.0.1',
    LIMIT_MAIL_BY_CLIENT: '1000',
    LIMIT_LOGIN_BY_ACCOUNT: String(SHUT),
  });
});
afterAll(() => server.stop());

let clients = 0;
const someone = (): Client => {
  clients += 1;
  return server.anyone.with({ 'x-forwarded-for': `198.18.${Math.floor(clients / 250)}.${clients % 250}` });
};
const attempt = (email: string, deviceToken?: string, password = PASSWORD, client = someone()): Promise<Answer> =>
  login(client, email, password, deviceToken === undefined ? {} : { deviceToken });
const tokenOf = async (email: string) => (await server.logIn(email)).deviceToken;
/** From then on for an hour a login of this account needs a device token that counts. */
async function shutOut(email: string): Promise<void> {
  const wrong = Array.from({ length: SHUT }, (_, at) => attempt(email, undefined, `wrong guess ${at}`));
  await Promise.all(wrong);
  expect((await attempt(email)).code).toBe('RATE_LIMITED');
}
async function account(name: string): Promise<string> {
  await server.signUp(`${name}@example.com`);
  return `${name}@example.com`;
}
const live = async (userId: string): Promise<number> =>
  (await server.database.query('SELECT 1 FROM devices WHERE user_id = $1 AND ended_at IS NULL', [userId])).length;

describe('a device token counts', () => {
  test('for its own account alone: another’s and a made-up one are ignored, and spend nothing', async () => {
    const [victim, other] = [await account('victim'), await account('other')];
    const token = await tokenOf(other);
    await shutOut(victim);
    expect((await attempt(victim, token)).code).toBe('RATE_LIMITED');
    expect((await attempt(victim, 'made up')).code).toBe('RATE_LIMITED');
    for (let guess = 0; guess < 8; guess += 1) await attempt(other, token.replace(/.$/, '!'), 'wrong');
    await shutOut(other);
    expect((await attempt(other, token)).code).toBeUndefined();
  });

  test('with a wrong one a login is as without one, while the account is open', async () => {
    const email = await account('open');
    expect((await attempt(email, 'nonsense')).code).toBeUndefined();
  });

  test('however the address is typed', async () => {
    const email = await account('typed');
    const token = await tokenOf(email);
    await shutOut(email);
    expect((await attempt(' TYPED@Example.com ', token)).code).toBeUndefined();
  });

  test('for a year, and each login makes it longer', async () => {
    const email = await account('year');
    const token = await tokenOf(email);
    server.clock.advanceSeconds(200 * DAY);
    const longer = (await attempt(email, token)).data['login'].deviceToken;
    server.clock.advanceSeconds(200 * DAY);
    await shutOut(email);
    expect((await attempt(email, token)).code).toBe('RATE_LIMITED');
    expect((await attempt(email, longer)).code).toBeUndefined();
  });
});

describe('failures with a device token', () => {
  test('are five an hour; an hour later there are five again, and none of them counts against the account', async () => {
    const email = await account('forgets');
    const token = await tokenOf(email);
    for (let guess = 0; guess < 4; guess += 1) {
      expect((await attempt(email, token, `forgotten ${guess}`)).code).toBe('INVALID_CREDENTIALS');
    }
    server.clock.advanceSeconds(HOUR);
    for (let guess = 0; guess < 4; guess += 1) await attempt(email, token, `forgotten ${guess}`);
    const same = someone();
    for (let guess = 0; guess < 10; guess += 1) {
      expect((await attempt(email, undefined, `guess ${guess}`, same)).code).toBe('INVALID_CREDENTIALS');
    }
    expect((await attempt(email, token)).code).toBeUndefined();
  });

  test('spend it at the fifth, for good: an hour later it is still none', async () => {
    const email = await account('spent');
    const token = await tokenOf(email);
    for (let guess = 0; guess < 5; guess += 1) await attempt(email, token, `forgotten ${guess}`);
    server.clock.advanceSeconds(HOUR + 1);
    await shutOut(email);
    expect((await attempt(email, token)).code).toBe('RATE_LIMITED');
  });

  test('are not given back by a success: logins in between buy no sixth', async () => {
    const email = await account('between');
    const token = await tokenOf(email);
    for (let guess = 0; guess < 4; guess += 1) {
      await attempt(email, token, `guess ${guess}`);
      expect((await attempt(email, token)).code).toBeUndefined();
    }
    await attempt(email, token, 'the fifth guess');
    await shutOut(email);
    expect((await attempt(email, token)).code).toBe('RATE_LIMITED');
  });
});

describe('of a person', () => {
  test('twenty devices are live, also when 25 log in at once, and one more ends the oldest', async () => {
    const email = await account('many');
    const { userId, deviceToken: oldest } = await server.logIn(email);
    server.clock.advanceSeconds(1);
    const second = await tokenOf(email);
    server.clock.advanceSeconds(1);
    for (let device = 3; device <= 20; device += 1) await tokenOf(email);
    expect(await live(userId)).toBe(20);
    // One that is known is no new one.
    expect((await attempt(email, oldest)).code).toBeUndefined();
    expect(await live(userId)).toBe(20);
    await tokenOf(email);
    expect(await live(userId)).toBe(20);
    await shutOut(email);
    expect((await attempt(email, oldest)).code).toBe('RATE_LIMITED');
    expect((await attempt(email, second)).code).toBeUndefined();
    server.clock.advanceSeconds(HOUR);
    const logins = await Promise.all(Array.from({ length: 25 }, () => attempt(email)));
    expect(logins.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(await live(userId)).toBe(20);
  });
});

describe('device tokens are void after', () => {
  const ENDINGS: Readonly<Record<string, (email: string) => Promise<unknown>>> = {
    'a used reset': async (email) => {
      await someone().send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
      const token = await server.mails.token(email, 2);
      const used = await someone().send(RESET, { input: { token, newPassword: NEWER } });
      expect(used.code).toBeUndefined();
    },
    'a change of the password': async (email) =>
      (await server.logIn(email)).client.send(
        `mutation { changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "${NEWER}" }) { changed } }`,
      ),
    'the end of all other sessions': async (email) =>
      (await server.logIn(email)).client.send('mutation { revokeOtherSessions { revokedCount } }'),
  };

  test.each(Object.entries(ENDINGS))('%s', async (name, end) => {
    const email = await account(name.replaceAll(' ', '-'));
    const token = await tokenOf(email);
    await end(email);
    await shutOut(email);
    for (const password of [PASSWORD, NEWER]) {
      expect((await attempt(email, token, password)).code).toBe('RATE_LIMITED');
    }
  });

  test('and outlive the end of one session, a logout and a refresh: the twin of the above', async () => {
    const email = await account('outlives');
    const { client, deviceToken, refreshToken } = await server.logIn(email);
    await client.send(`mutation { refresh(input: { refreshToken: "${refreshToken}" }) { accessToken } }`);
    const { sessionId } = await server.logIn(email);
    await client.send(`mutation { revokeSession(input: { id: "${sessionId}" }) { revoked } }`);
    await client.send('mutation { logout { loggedOut } }');
    await shutOut(email);
    expect((await attempt(email, deviceToken)).code).toBeUndefined();
  });
});

test('a used reset gives one, and stays open while the account is shut: with its new password the owner is in', async () => {
  const email = await account('resets');
  await shutOut(email);
  await someone().send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
  const used = await someone().send(
    'mutation M($input: ResetPasswordInput!) { resetPassword(input: $input) { deviceToken } }',
    { input: { token: await server.mails.token(email, 2), newPassword: NEWER } },
  );
  const { deviceToken } = used.data['resetPassword'];
  expect((await attempt(email, undefined, NEWER)).code).toBe('RATE_LIMITED');
  expect((await attempt(email, deviceToken, NEWER)).code).toBeUndefined();
});

test('nothing but a login and a used reset gives a device token', async () => {
  const email = await account('sparing');
  const { client, refreshToken } = await server.logIn(email);
  // In this order: a reauthentication voids the refresh token.
  const refreshed = await client.send(
    `mutation { refresh(input: { refreshToken: "${refreshToken}" }) { deviceToken } }`,
  );
  expect(refreshed.data).toEqual({ refresh: { deviceToken: null } });
  const again = await client.send(`mutation { reauthenticate(input: { password: "${PASSWORD}" }) { deviceToken } }`);
  expect(again.data).toEqual({ reauthenticate: { deviceToken: null } });
});
