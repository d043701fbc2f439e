import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const REGISTER = 'mutation($input: RegisterInput!) { register(input: $input) { accepted } }';
const register = (input: object) => server.anyone.send(REGISTER, { input });
const usersAndJobs = async () => {
  const [row] = await server.database.query(
    'SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM address_jobs) AS jobs',
  );
  return row;
};

describe('a new password', () => {
  test.each([
    ['too short', 'xk2vq9w', 'TOO_SHORT', ['TOO_SHORT'], 15],
    ['short and common', 'Dragon2024', 'TOO_SHORT', ['TOO_SHORT', 'COMMON'], 15],
    ['common', 'Password12345678', 'NOT_ALLOWED', ['COMMON'], undefined],
    ['a row of keys', 'qwertzuiopasdfgh', 'NOT_ALLOWED', ['COMMON'], undefined],
    ['the address', 'ada.lovelace@example.com', 'NOT_ALLOWED', ['PERSONAL'], undefined],
    ['made of the address', 'AdaLovelace1815!!', 'NOT_ALLOWED', ['PERSONAL'], undefined],
    ['made of names', 'Countess_Byron_15', 'NOT_ALLOWED', ['PERSONAL'], undefined],
    ['over 256 characters', 'xk2vq9wz7hfm4tb-'.repeat(17), 'TOO_LONG', ['TOO_LONG'], 256],
    ['over 256 signs of four bytes', '🐴🔋📎🌧🎻🚲🍋'.repeat(37), 'TOO_LONG', ['TOO_LONG'], 256],
  ])(
    'that is %s is refused as WEAK_PASSWORD, with the reasons, the field and nothing of its text',
    async (_, password, code, reasons, limit) => {
      const before = await usersAndJobs();
      const answer = await register({
        email: 'Ada.Lovelace@example.com',
        password,
        profile: { displayName: 'Countess', givenName: 'Ada', familyName: 'Byron' },
      });
      expect(answer.data).toEqual({ register: null });
      expect(answer.errors).toHaveLength(1);
      expect(answer.errors[0]).toMatchObject({ path: ['register'] });
      const { extensions } = answer.errors[0] ?? {};
      expect(extensions).toMatchObject({ code: 'WEAK_PASSWORD', reasons, requestId: expect.any(String) });
      expect(extensions?.fields).toEqual([
        { path: ['input', 'password'], code, reasons, message: expect.any(String), ...(limit && { limit }) },
      ]);
      expect(answer.text).not.toContain(password);
      expect(await usersAndJobs()).toEqual(before);
    },
  );

  test('among other bad values is one entry of BAD_USER_INPUT, with its reasons, and each other has its own', async () => {
    const answer = await register({
      email: 'no address',
      password: 'passwordpassword',
      profile: { phone: 'none', bio: '\0' },
    });
    expect(answer.code).toBe('BAD_USER_INPUT');
    const { reasons, fields = [] } = answer.errors[0]?.extensions ?? {};
    expect(reasons).toBeUndefined();
    const byPath = new Map(fields.map((field) => [field.path.join('.'), field]));
    expect([...byPath.keys()].sort()).toEqual([
      'input.email',
      'input.password',
      'input.profile.bio',
      'input.profile.phone',
    ]);
    expect(byPath.get('input.password')).toMatchObject({ code: 'NOT_ALLOWED', reasons: ['COMMON'] });
    expect(byPath.get('input.email')).toMatchObject({ code: 'INVALID_FORMAT' });
    expect(byPath.get('input.email')).not.toHaveProperty('reasons');
    expect(answer.text).not.toContain('passwordpassword');
  });

  test('that stands in the document itself is judged alike', async () => {
    const answer = await server.anyone.send(
      'mutation { register(input: { email: "grace@example.com", password: "Password12345678" }) { accepted } }',
    );
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'WEAK_PASSWORD', reasons: ['COMMON'] });
    expect(answer.text).not.toContain('Password12345678');
  });

  // Hostile text: refused for its form, and never an INTERNAL_SERVER_ERROR.
  test.each([
    ['a null byte', 'null \0 byte in a phrase'],
    ['half a surrogate pair', 'half \uD800 of a pair in it'],
  ])('with %s is BAD_USER_INPUT', async (_, password) => {
    const answer = await register({ email: 'grace@example.com', password });
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.errors[0]?.extensions.fields).toMatchObject([
      { path: ['input', 'password'], code: 'INVALID_FORMAT' },
    ]);
  });

  test.each([
    ['alan@example.com', PASSWORD],
    ['barbara@example.com', '我的猫喜欢在月光下跳舞唱歌吃鱼'],
    ['donald@example.com', '🐴🔋📎🌧🎻🚲🍋🧦🪁🛶🎲🔭🥁🧊🦉'],
    ['edsger@example.com', 'AdaLovelace1815!!'],
  ])('of %s that will do is taken, and logs in', async (email, password) => {
    await server.signUp(email, password);
    await expect(server.logIn(email, password)).resolves.toMatchObject({ accessToken: expect.any(String) });
  });
});
