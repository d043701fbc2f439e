import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
/** What stands in the Authorization header, by what is wrong with it, and the code that a field which needs a viewer answers. */
const bearers: Record<string, readonly [header: string, code: string]> = {};
const NAMES = [
  'an expired one',
  'one whose session has ended',
  'one of a disabled user',
  'one from before a reauthentication',
  'no token at all',
  'an empty header',
  'another scheme',
  'a token cut short',
  'a refresh token',
  'two tokens',
];

beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, ACCESS_TOKEN_SECONDS: '600' });
  for (const name of ['ada', 'bob', 'eve']) await server.signUp(`${name}@example.com`);
  const old = await server.logIn('ada@example.com');
  server.clock.advanceSeconds(600);
  const ended = await server.logIn('ada@example.com');
  await ended.client.send('mutation { logout { loggedOut } }');
  const disabled = await server.logIn('bob@example.com');
  await server.database.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [
    disabled.userId,
  ]);
  const before = await server.logIn('ada@example.com');
  await before.client.send(`mutation { reauthenticate(input: { password: "${PASSWORD}" }) { tokenType } }`);
  const { accessToken, refreshToken } = await server.logIn('ada@example.com');
  Object.assign(bearers, {
    'an expired one': [`Bearer ${old.accessToken}`, 'TOKEN_EXPIRED'],
    'one whose session has ended': [`Bearer ${ended.accessToken}`, 'UNAUTHENTICATED'],
    'one of a disabled user': [`Bearer ${disabled.accessToken}`, 'UNAUTHENTICATED'],
    'one from before a reauthentication': [`Bearer ${before.accessToken}`, 'TOKEN_EXPIRED'],
    'no token at all': ['Bearer', 'UNAUTHENTICATED'],
    'an empty header': ['', 'UNAUTHENTICATED'],
    'another scheme': [`Basic ${Buffer.from('ada:secret').toString('base64')}`, 'UNAUTHENTICATED'],
    'a token cut short': [`Bearer ${accessToken.slice(0, -10)}`, 'UNAUTHENTICATED'],
    'a refresh token': [`Bearer ${refreshToken}`, 'UNAUTHENTICATED'],
    'two tokens': [`Bearer ${accessToken}, Bearer ${accessToken}`, 'UNAUTHENTICATED'],
  });
});
afterAll(() => server.stop());

const holding = (name: string) => server.anyone.with({ authorization: bearers[name]?.[0] ?? '' });

test('every bad bearer has its case', () => {
  expect(Object.keys(bearers)).toEqual(NAMES);
});

describe.each(NAMES)('with a bad bearer (%s)', (name) => {
  test('each field that needs a viewer fails with its code, and its neighbours keep their answers', async () => {
    const code = bearers[name]?.[1];
    const query = await holding(name).send(
      '{ a: serverInfo { version } me { id } b: serverInfo { registrationOpen } }',
    );
    expect(query.status).toBe(200);
    expect(query.data).toEqual({ a: { version: expect.any(String) }, me: null, b: { registrationOpen: true } });
    expect(query.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['me'], code]]);
    const mutation = await holding(name).send(
      `mutation { updateProfile(input: { bio: "x" }) { user { id } } logout { loggedOut }
        changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "entirely other words" }) { changed } }`,
    );
    expect(mutation.data).toEqual({ updateProfile: null, logout: { loggedOut: false }, changePassword: null });
    expect(mutation.errors.map(({ extensions }) => extensions.code)).toEqual([code, code]);
  });

  test('what is public ignores it: login, refresh, register, mails, serverInfo, introspection', async () => {
    const client = holding(name);
    const login = await client.send(
      `mutation { login(input: { email: "eve@example.com", password: "${PASSWORD}" }) { ... on LoggedIn { refreshToken user { email } } } }`,
    );
    expect([login.code, login.data['login']?.user]).toEqual([undefined, { email: 'eve@example.com' }]);
    const refreshed = await client.send(
      `mutation { refresh(input: { refreshToken: "${login.data['login'].refreshToken}" }) { accessToken refreshToken user { email } } }`,
    );
    expect([refreshed.code, refreshed.data['refresh']?.user]).toEqual([undefined, { email: 'eve@example.com' }]);
    const { accessToken, refreshToken } = refreshed.data['refresh'];
    const email = `${name.replaceAll(' ', '-')}@example.com`;
    for (const [document, field] of [
      [`register(input: { email: "${email}", password: "${PASSWORD}" }) { accepted }`, 'register'],
      [`resendVerification(input: { email: "${email}" }) { accepted }`, 'resendVerification'],
      ['requestPasswordReset(input: { email: "eve@example.com" }) { accepted }', 'requestPasswordReset'],
    ] as const) {
      expect((await client.send(`mutation { ${document} }`)).data).toEqual({ [field]: { accepted: true } });
    }
    await settled(server);
    const token = await server.mails.token(email);
    const verified = await client.send(`mutation { verifyEmail(input: { token: "${token}" }) { verified } }`);
    expect(verified.data).toEqual({ verifyEmail: { verified: true } });
    expect((await client.send(getIntrospectionQuery())).code).toBeUndefined();
    // With a refresh token it still ends that session, whatever the header holds.
    expect(
      (await client.send(`mutation { logout(input: { refreshToken: "${refreshToken}" }) { loggedOut } }`)).data,
    ).toEqual({
      logout: { loggedOut: true },
    });
    expect((await server.anyone.as(accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
  });
});

describe('without a bearer', () => {
  test('me is null and no error, and what needs a viewer is UNAUTHENTICATED', async () => {
    const answer = await server.anyone.send('{ me { id } serverInfo { registrationOpen } }');
    expect([answer.errors, answer.data]).toEqual([[], { me: null, serverInfo: { registrationOpen: true } }]);
    const mutation = await server.anyone.send('mutation { revokeOtherSessions { revokedCount } logout { loggedOut } }');
    expect(mutation.data).toEqual({ revokeOtherSessions: null, logout: { loggedOut: false } });
    expect(mutation.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['revokeOtherSessions'], 'UNAUTHENTICATED'],
    ]);
  });
});

describe('with a good bearer', () => {
  let eve: LoggedInClient;
  beforeAll(async () => {
    eve = await server.logIn('eve@example.com');
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])('the scheme may be written %p', async (scheme) => {
    const client = server.anyone.with({ authorization: `${scheme} ${eve.accessToken}` });
    expect((await client.send('{ me { id } }')).data).toEqual({ me: { id: eve.userId } });
  });

  test('the token is no less good in a query string, where it would be logged: it is not read there', async () => {
    const response = await fetch(`${server.url}/graphql?access_token=${eve.accessToken}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ me { id } }', access_token: eve.accessToken }),
    });
    expect(await response.json()).toEqual({ data: { me: null } });
  });
});
