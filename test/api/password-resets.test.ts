import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, RESET, register, settled, verify, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const NEWER = 'nine copper violets in the rain';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

const ask = async (email: string) => {
  await server.anyone.send(
    'mutation M($e: EmailAddress!) { requestPasswordReset(input: { email: $e }) { accepted } }',
    {
      e: email,
    },
  );
  await settled(server);
};
const tokens = (email: string) =>
  server.mails
    .to(email)
    .filter(({ text }) => text.includes('reset-password#'))
    .map(({ text }) => /^Token: (\S+)$/m.exec(text)?.[1] ?? '');
const reset = async (token: string | undefined, newPassword = NEWER) =>
  (await server.anyone.send(RESET, { input: { token, newPassword } })).code;
const codeOf = async (email: string, password: string) => (await login(server.anyone, email, password)).code;

describe('a reset of a PENDING account', () => {
  test('verifies it, opens to the new password alone, and drops what registrants had said of it', async () => {
    const email = 'pending@example.com';
    await register(server.anyone, email, PASSWORD, { displayName: 'Written by a stranger' });
    await settled(server);
    const verification = await server.mails.token(email);
    await ask(email);
    expect(await reset(tokens(email)[0])).toBeUndefined();
    expect(await codeOf(email, PASSWORD)).toBe('INVALID_CREDENTIALS');
    const { client } = await server.logIn(email, NEWER);
    const me = await client.send('{ me { emailVerified profile { displayName } } }');
    expect(me.data['me']).toEqual({ emailVerified: true, profile: { displayName: null } });
    expect((await verify(server.anyone, verification)).code).toBe('INVALID_TOKEN');
  });
});

describe('reset tokens', () => {
  test('are three live at most, and the use of one ends the others', async () => {
    const email = 'asks@example.com';
    await server.signUp(email);
    for (let time = 0; time < 4; time += 1) {
      server.clock.advanceSeconds(1);
      await ask(email);
    }
    const [oldest, second, third, newest] = tokens(email);
    expect(await reset(oldest)).toBe('INVALID_TOKEN');
    expect(await reset(second)).toBeUndefined();
    expect([await reset(third), await reset(newest), await reset(second)]).toEqual(Array(3).fill('INVALID_TOKEN'));
  });

  test('that meet a bad password are not spent: the current one, a weak one, one of 10 kB', async () => {
    const email = 'retries@example.com';
    await server.signUp(email);
    await ask(email);
    const [token] = tokens(email);
    for (const bad of [PASSWORD, 'short', 'x'.repeat(10_000)]) {
      expect(await reset(token, bad)).toBe('WEAK_PASSWORD');
    }
    expect(await reset(token)).toBeUndefined();
  });
});

describe('a password of 10 kB', () => {
  test('is a clear error in each place, is not repeated, and changes nothing', async () => {
    const huge = 'long secret '.repeat(850);
    const { client } = await server.person('long@example.com');
    const change = 'mutation M($i: ChangePasswordInput!) { changePassword(input: $i) { changed } }';
    const answers = {
      register: await register(server.anyone, 'nobody@example.com', huge),
      login: await login(server.anyone, 'long@example.com', huge),
      current: await client.send(change, { i: { currentPassword: huge, newPassword: NEWER } }),
      reauthenticate: await client.send(
        'mutation M($p: String!) { reauthenticate(input: { password: $p }) { tokenType } }',
        {
          p: huge,
        },
      ),
    };
    const told = Object.entries(answers).map(([where, { errors }]) => {
      const { code, fields = [] } = errors[0]?.extensions ?? { code: '' };
      return [where, code, fields.map((field) => `${field.path.join('.')} ${field.code}`).join()];
    });
    expect(told).toEqual([
      ['register', 'WEAK_PASSWORD', 'input.password TOO_LONG'],
      ['login', 'BAD_USER_INPUT', 'input.password TOO_LONG'],
      ['current', 'BAD_USER_INPUT', 'input.currentPassword TOO_LONG'],
      ['reauthenticate', 'BAD_USER_INPUT', 'input.password TOO_LONG'],
    ]);
    for (const { text } of Object.values(answers)) expect(text).not.toContain('long secret');
    expect(await codeOf('long@example.com', PASSWORD)).toBeUndefined();
  });
});

describe('an address that is unusual and legal', () => {
  test.each([
    ['o’brien.+tag@example.com', 'o’brien.+tag@example.com'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    ['x@sub.sub.sub.example.co.uk', 'x@sub.sub.sub.example.co.uk'],
    ['mila@bücher.example', 'mila@xn--bcher-kva.example'],
    ['жанна@пример.example', 'жанна@xn--e1afmkfd.example'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s goes all its way: register, verify, log in, reset', async (email, mailedTo) => {
    await register(server.anyone, email, PASSWORD);
    await settled(server);
    expect((await verify(server.anyone, await server.mails.token(mailedTo))).code).toBeUndefined();
    expect(await codeOf(email.toUpperCase(), PASSWORD)).toBeUndefined();
    await ask(email);
    expect(await reset(tokens(mailedTo)[0])).toBeUndefined();
    expect((await server.logIn(email, NEWER)).userId).toBeDefined();
  });
});
