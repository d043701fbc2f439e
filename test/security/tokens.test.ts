import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseKeyring } from '../../src/crypto/keyring.ts';
import { openKeySet, type SigningKey } from '../../src/crypto/signing-keys.ts';
import { findSigningKeys } from '../../src/sessions/signing-keys.repository.ts';
import { decodeToken, encodeText, signAnything } from '../support/access-token-kit.ts';
import { RESET, register, settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const SERVICE = 'https://service.example';
const SETTINGS = { ...WITHOUT_LIMITS, AUDIENCES: SERVICE };

let server: TestServer;
let second: TestServer;
let ada: LoggedInClient;
let bob: LoggedInClient;
let key: SigningKey;
let header: Record<string, unknown>;
let payload: Record<string, unknown>;

beforeAll(async () => {
  server = await startTestServer(SETTINGS);
  second = await startTestServer(SETTINGS, server.shared);
  for (const name of ['ada', 'bob']) await server.signUp(`${name}@example.com`);
  ada = await server.logIn('ada@example.com');
  bob = await server.logIn('bob@example.com');
  const keyring = parseKeyring(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));
  key = openKeySet(keyring, await findSigningKeys(server.database.manager)).current;
  ({ header, payload } = decodeToken(ada.accessToken));
});
afterAll(async () => {
  await second.stop();
  await server.stop();
});

const codeAt = async (client: Client, token: string) => (await client.as(token).send('{ me { id } }')).code;
const codeOf = (token: string) => codeAt(server.anyone, token);
const withHeader = (changes: object) => signAnything(key, { ...header, ...changes }, payload);
const withPayload = (changes: object) => signAnything(key, header, { ...payload, ...changes });
const parts = (changes: object, rest: object = {}) =>
  `${encodeText(JSON.stringify({ ...header, ...changes }))}.${encodeText(JSON.stringify({ ...payload, ...rest }))}`;
const nowSeconds = () => Math.floor(server.clock.now().getTime() / 1000);

test('a token signed here with the server’s own key is taken, on both servers: each refusal below is for its own change', async () => {
  const token = signAnything(key, header, { ...payload, jti: 'another' });
  expect([await codeOf(token), await codeAt(second.anyone, token)]).toEqual([undefined, undefined]);
});

describe('a forged access token (v5.0.0-9.1.1, 9.1.2, 9.1.3, 9.2.1)', () => {
  const signature = () => ada.accessToken.split('.')[2] ?? '';
  const hmac = (secret: Buffer | string) => {
    const signed = parts({ alg: 'HS256' });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const byStranger = (changes: object = {}) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signed = parts({ ...changes, ...('jwk' in changes ? { jwk: publicKey.export({ format: 'jwk' }) } : {}) });
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
  };
  const FORGERIES: Readonly<Record<string, () => string>> = {
    'alg none': () => `${parts({ alg: 'none' })}.`,
    'alg None with a signature': () => `${parts({ alg: 'None' })}.${signature()}`,
    'no alg': () => `${parts({ alg: undefined })}.${signature()}`,
    'no signature': () => `${parts({})}.`,
    'two parts': () => parts({}),
    'four parts': () => `${ada.accessToken}.x`,
    'HS256 with the public key in PEM': () => hmac(String(key.publicKey.export({ format: 'pem', type: 'spki' }))),
    'HS256 with the raw public key': () => hmac(Buffer.from(key.publicJwk.x, 'base64url')),
    'HS256 with the JWK': () => hmac(JSON.stringify(key.publicJwk)),
    'HS256 with nothing': () => hmac(''),
    'another key under our kid': () => byStranger(),
    'another key under a kid of its own': () => byStranger({ kid: 'theirs' }),
    'another key that it brings along': () => byStranger({ jwk: true }),
    'a kid that is a path': () => byStranger({ kid: '../../../dev/null' }),
    'a kid that is SQL': () => byStranger({ kid: "' OR 1=1 --" }),
    'a kid that every object has': () => byStranger({ kid: '__proto__' }),
    'no kid': () => byStranger({ kid: undefined }),
    'a key to be fetched': () => withHeader({ jku: 'https://evil.example/jwks.json' }),
    'a critical extension': () => withHeader({ crit: ['exp'] }),
    'typ JWT': () => withHeader({ typ: 'JWT' }),
    'no typ': () => withHeader({ typ: undefined }),
    'the typ of an audit head': () => withHeader({ typ: 'gatehouse-audit-head+jws' }),
    'another issuer': () => withPayload({ iss: 'https://evil.example' }),
    'no issuer': () => withPayload({ iss: undefined }),
    'another audience': () => withPayload({ aud: SERVICE }),
    'ours among other audiences': () => withPayload({ aud: [payload['aud'], SERVICE] }),
    'no audience': () => withPayload({ aud: undefined }),
    'no expiry': () => withPayload({ exp: undefined }),
    'an expiry that is a text': () => withPayload({ exp: '9999999999' }),
    'an issue in the future': () => withPayload({ iat: nowSeconds() + 120 }),
    'not yet valid': () => withPayload({ nbf: nowSeconds() + 120 }),
    'no session': () => withPayload({ sid: undefined }),
    'a session that is not there': () => withPayload({ sid: '0190aaaa-0000-7000-8000-00000000000a' }),
    'a session that is no id': () => withPayload({ sid: "' OR '1'='1" }),
    'the session of another person': () => withPayload({ sid: bob.sessionId }),
    'another person in one’s session': () => withPayload({ sub: bob.userId }),
    'no generation': () => withPayload({ gen: undefined }),
    'a generation below none': () => withPayload({ gen: -1 }),
    'a payload that is no object': () => signAnything(key, header, '[]'),
    'a payload with a name twice': () =>
      signAnything(key, header, JSON.stringify(payload).replace('{', `{"sub":"${bob.userId}",`)),
    'a changed payload under the true signature': () => `${parts({}, { sub: bob.userId })}.${signature()}`,
    'white space in it': () => ada.accessToken.replace('.', ' .'),
    'base64 with padding': () => `${ada.accessToken}=`,
    'a signature in other letters for the same bytes': () =>
      `${ada.accessToken.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[ada.accessToken.slice(-1)] ?? '!'}`,
    'ten thousand characters': () => signAnything(key, header, { ...payload, roles: ['x'.repeat(10_000)] }),
    'a refresh token': () => ada.refreshToken,
    'a device token': () => ada.deviceToken,
  };

  test.each(Object.entries(FORGERIES))('with %s is UNAUTHENTICATED', async (_, forge) => {
    expect(await codeOf(forge())).toBe('UNAUTHENTICATED');
  });

  test('that is past its time is TOKEN_EXPIRED, in the very second; one by a stranger is not even that', async () => {
    expect(await codeOf(withPayload({ exp: nowSeconds() }))).toBe('TOKEN_EXPIRED');
    expect(await codeOf(withPayload({ exp: nowSeconds() + 1 }))).toBeUndefined();
    const { privateKey } = generateKeyPairSync('ed25519');
    const signed = parts({}, { exp: nowSeconds() - 1 });
    expect(await codeOf(`${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`)).toBe(
      'UNAUTHENTICATED',
    );
  });

  test('that claims roles and permissions gets none by it: the tables say who may what', async () => {
    const token = withPayload({ roles: ['admin'], permissions: ['USERS_READ', 'USERS_WRITE'] });
    const answer = await server.anyone.as(token).send('{ me { roles { name } permissions } }');
    expect(answer.data['me']).toEqual({ roles: [{ name: 'user' }], permissions: [] });
  });

  test('of another installation is nothing here', async () => {
    const other = await startTestServer({ PUBLIC_URL: server.shared.publicUrl });
    await other.signUp('ada@example.com');
    const theirs = await other.logIn('ada@example.com');
    expect(await codeAt(other.anyone, theirs.accessToken)).toBeUndefined();
    await other.stop();
    expect(await codeOf(theirs.accessToken)).toBe('UNAUTHENTICATED');
  });
});

describe('each kind of token is good in its own place alone (v5.0.0-9.2.2)', () => {
  const CONSUMERS: Readonly<Record<string, (token: string) => Promise<boolean>>> = {
    bearer: async (token) => (await codeOf(token)) === undefined,
    refresh: async (token) =>
      (
        await server.anyone.send('mutation M($t: String!) { refresh(input: { refreshToken: $t }) { tokenType } }', {
          t: token,
        })
      ).code === undefined,
    logout: async (token) =>
      (
        await server.anyone.send('mutation M($t: String!) { logout(input: { refreshToken: $t }) { loggedOut } }', {
          t: token,
        })
      ).data['logout'].loggedOut,
    verifyEmail: async (token) =>
      (
        await server.anyone.send('mutation M($t: String!) { verifyEmail(input: { token: $t }) { verified } }', {
          t: token,
        })
      ).code === undefined,
    confirmEmailChange: async (token) =>
      (
        await (
          await server.logIn('ada@example.com')
        ).client.send('mutation M($t: String!) { confirmEmailChange(input: { token: $t }) { user { id } } }', {
          t: token,
        })
      ).code === undefined,
    revertEmailChange: async (token) =>
      (
        await server.anyone.send('mutation M($t: String!) { revertEmailChange(input: { token: $t }) { reverted } }', {
          t: token,
        })
      ).code === undefined,
    resetPassword: async (token) =>
      (await server.anyone.send(RESET, { input: { token, newPassword: 'entirely other words here' } })).code ===
      undefined,
  };

  test('and nowhere else', async () => {
    const person = await server.person('many-tokens@example.com');
    const service = await person.client.send(
      `mutation { serviceToken(input: { audience: "${SERVICE}" }) { accessToken } }`,
    );
    await server.anyone.send(
      'mutation { requestPasswordReset(input: { email: "many-tokens@example.com" }) { accepted } }',
    );
    await person.client.send('mutation { requestEmailChange(input: { newEmail: "moved@example.com" }) { accepted } }');
    await register(server.anyone, 'pending@example.com', PASSWORD);
    await settled(server);
    const isReset = (text: string) => text.includes('reset-password#');
    const reset = server.mails
      .to('many-tokens@example.com')
      .map(({ text }) => text)
      .find(isReset);
    const tokens: Readonly<Record<string, readonly [token: string, goodAt: readonly string[]]>> = {
      'service token': [service.data['serviceToken'].accessToken, []],
      'device token': [person.deviceToken, []],
      'session id': [person.sessionId, []],
      'change token': [await server.mails.token('moved@example.com'), []],
      'verification token': [await server.mails.token('pending@example.com'), ['verifyEmail']],
      'access token': [person.accessToken, ['bearer']],
      'refresh token': [person.refreshToken, ['refresh', 'logout']],
      'reset token': [/^Token: (\S+)$/m.exec(reset ?? '')?.[1] ?? '', ['resetPassword']],
    };
    const taken: Record<string, string[]> = {};
    for (const [kind, [token]] of Object.entries(tokens)) {
      taken[kind] = [];
      for (const [consumer, isGood] of Object.entries(CONSUMERS)) if (await isGood(token)) taken[kind].push(consumer);
    }
    expect(taken).toEqual(Object.fromEntries(Object.entries(tokens).map(([kind, [, goodAt]]) => [kind, [...goodAt]])));
  });
});

describe('the token of a session that has ended (v5.0.0-7.4.1)', () => {
  const ENDINGS: Readonly<Record<string, (it: LoggedInClient, email: string) => Promise<unknown>>> = {
    'a logout': ({ client }) => client.send('mutation { logout { loggedOut } }'),
    'a logout by refresh token': ({ refreshToken }) =>
      server.anyone.send(`mutation { logout(input: { refreshToken: "${refreshToken}" }) { loggedOut } }`),
    'a logout on the other server': ({ accessToken }) =>
      second.anyone.as(accessToken).send('mutation { logout { loggedOut } }'),
    'its owner elsewhere': async ({ sessionId }, email) =>
      (await server.logIn(email)).client.send(`mutation { revokeSession(input: { id: "${sessionId}" }) { revoked } }`),
    'its owner, with all others': async (_, email) =>
      (await server.logIn(email)).client.send('mutation { revokeOtherSessions { revokedCount } }'),
    'a change of password elsewhere': async (_, email) =>
      (await server.logIn(email)).client.send(
        `mutation { changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "entirely other words here" }) { changed } }`,
      ),
    'a reset of the password': async (_, email) => {
      await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
      const token = await server.mails.token(email, 2);
      await server.anyone.send(RESET, { input: { token, newPassword: 'entirely other words here' } });
    },
    'its user being disabled': ({ userId }) =>
      server.database.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [userId]),
  };

  test.each(Object.entries(ENDINGS))('by %s is dead at once, here and on another server', async (name, end) => {
    const email = `${name.replaceAll(/\W/g, '-')}@example.com`;
    const it = await server.person(email);
    for (const { anyone } of [server, second]) expect(await codeAt(anyone, it.accessToken)).toBeUndefined();
    await end(it, email);
    for (const { anyone } of [server, second]) {
      expect(await codeAt(anyone, it.accessToken)).toBe('UNAUTHENTICATED');
      const refreshed = await anyone.send(
        `mutation { refresh(input: { refreshToken: "${it.refreshToken}" }) { tokenType } }`,
      );
      expect(refreshed.code).toBe('INVALID_TOKEN');
    }
    expect(await codeOf(bob.accessToken)).toBeUndefined();
  });

  test('a step-up leaves no older token of the session, here and on another server', async () => {
    const it = await server.person('step-up@example.com');
    expect(await codeAt(second.anyone, it.accessToken)).toBeUndefined();
    const newer = await it.client.send(
      `mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken refreshToken } }`,
    );
    const { accessToken, refreshToken } = newer.data['reauthenticate'];
    for (const { anyone } of [server, second]) {
      expect(await codeAt(anyone, it.accessToken)).toBe('TOKEN_EXPIRED');
      expect(
        (await anyone.send(`mutation { refresh(input: { refreshToken: "${it.refreshToken}" }) { tokenType } }`)).code,
      ).toBe('INVALID_TOKEN');
      expect(await codeAt(anyone, accessToken)).toBeUndefined();
    }
    // Not reuse: whoever repeats the old one ends nothing.
    expect(
      (await server.anyone.send(`mutation { refresh(input: { refreshToken: "${refreshToken}" }) { tokenType } }`)).code,
    ).toBeUndefined();
  });
});
