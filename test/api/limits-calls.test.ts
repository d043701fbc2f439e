import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLObjectType, getNamedType, isInputObjectType } from 'graphql';
import { ACCESS_MAP } from '../../src/access/access-map.ts';
import { CREDENTIAL_MUTATIONS } from '../../src/limits/credential-mutations.ts';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import { describeSchema } from '../../src/schema.ts';
import { limitVariable } from '../../src/settings.ts';
import { RESET, register, settled, verify, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer, Client } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600;
const REFRESH = 'mutation Refresh($input: RefreshInput) { refresh(input: $input) { refreshToken } }';
const MAIL_MUTATIONS = {
  register:
    'mutation M($email: EmailAddress!) { register(input: { email: $email, password: "correct horse battery staple" }) { accepted } }',
  resendVerification: 'mutation M($email: EmailAddress!) { resendVerification(input: { email: $email }) { accepted } }',
  requestPasswordReset:
    'mutation M($email: EmailAddress!) { requestPasswordReset(input: { email: $email }) { accepted } }',
};
const mutations = describeSchema().getMutationType();
if (!(mutations instanceof GraphQLObjectType)) throw new TypeError('The schema has no mutations');
const mutationNames = Object.keys(mutations.getFields());

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' });
});
afterAll(() => server.stop());

let clients = 0;
function someone(as: Client = server.anyone): Client {
  clients += 1;
  return as.with({ 'x-forwarded-for': `198.18.${Math.floor(clients / 250)}.${clients % 250}` });
}
async function person(email: string) {
  await register(someone(), email, PASSWORD);
  await verify(someone(), await server.mails.token(email));
  return server.logIn(email);
}

const codes = (answers: readonly Answer[], code: string | undefined) =>
  answers.filter((one) => one.code === code).length;
const retryAfterOf = ({ errors, headers }: Answer) => [errors[0]?.extensions.retryAfter, headers.get('retry-after')];
const askMail = (client: Client, name: keyof typeof MAIL_MUTATIONS, email: string) =>
  client.send(MAIL_MUTATIONS[name], { email });

describe('mails', () => {
  test('are five an account and hour, whoever asks by which mutation, and one of another account goes out', async () => {
    const email = 'five@example.com';
    const names = ['register', 'resendVerification', 'requestPasswordReset', 'register', 'resendVerification'] as const;
    for (const name of names) expect((await askMail(someone(), name, email)).code).toBeUndefined();
    for (const name of ['register', 'resendVerification', 'requestPasswordReset'] as const) {
      const refused = await askMail(someone(), name, ` FIVE@example.com`);
      expect([refused.code, ...retryAfterOf(refused)]).toEqual(['RATE_LIMITED', HOUR, String(HOUR)]);
    }
    await settled(server);
    expect(server.mails.to(email)).toHaveLength(5);
    expect((await askMail(someone(), 'register', 'six@example.com')).code).toBeUndefined();
    server.clock.advanceSeconds(HOUR);
    expect((await askMail(someone(), 'requestPasswordReset', email)).code).toBeUndefined();
  });

  test('are exactly five of 50 parallel requests, for an address that nobody has as for one that somebody has', async () => {
    await person('has@example.com');
    server.clock.advanceSeconds(HOUR);
    for (const email of ['has@example.com', 'nobody@example.com']) {
      const asked = Array.from({ length: 50 }, () => askMail(someone(), 'requestPasswordReset', email));
      const answers = await Promise.all(asked);
      expect([codes(answers, undefined), codes(answers, 'RATE_LIMITED')]).toEqual([5, 45]);
    }
    await settled(server);
    expect(server.mails.to('has@example.com')).toHaveLength(1 + 5);
  });

  test('are twenty a client and hour, over all accounts', async () => {
    const client = someone();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, number) => askMail(client, 'resendVerification', `n${number}@example.com`)),
    );
    expect([codes(answers, undefined), codes(answers, 'RATE_LIMITED')]).toEqual([20, 10]);
  });

  test('to a new address count there, and the notices of changes are never held back', async () => {
    const { client } = await person('mover@example.com');
    const request =
      'mutation M($email: EmailAddress!) { requestEmailChange(input: { newEmail: $email }) { accepted } }';
    const answers = [];
    for (let times = 0; times < 6; times += 1)
      answers.push(await someone(client).send(request, { email: 'new@example.com' }));
    expect(answers.map(({ code }) => code)).toEqual([...Array(5).fill(undefined), 'RATE_LIMITED']);
    for (let times = 0; times < 5; times += 1) await askMail(someone(), 'requestPasswordReset', 'mover@example.com');
    expect((await askMail(someone(), 'requestPasswordReset', 'mover@example.com')).code).toBe('RATE_LIMITED');
    await settled(server);
    const before = server.mails.to('mover@example.com').length;
    const changed = await client.send(
      `mutation { changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "entirely other words here" }) { changed } }`,
    );
    expect(changed.code).toBeUndefined();
    await settled(server);
    expect(server.mails.to('mover@example.com')).toHaveLength(before + 1);
  });

  test('that a bad input never sent count nothing', async () => {
    const client = someone();
    for (let times = 0; times < 25; times += 1) {
      expect((await register(client, 'weak@example.com', 'password')).code).toBe('WEAK_PASSWORD');
    }
    expect((await register(client, 'weak@example.com', PASSWORD)).code).toBeUndefined();
  });
});

describe('mailed tokens', () => {
  test('that do not work are 30 a client and hour, over all mutations that take one; a right one counts nothing', async () => {
    const client = someone();
    const made = (number: number) => `${'A'.repeat(21)}${number % 10}.${'B'.repeat(43)}`;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, number) =>
        number % 2
          ? verify(client, made(number))
          : client.send(RESET, { input: { token: made(number), newPassword: 'entirely other words here' } }),
      ),
    );
    expect([codes(answers, 'INVALID_TOKEN'), codes(answers, 'RATE_LIMITED')]).toEqual([30, 10]);
    await register(someone(), 'token@example.com', PASSWORD);
    const token = await server.mails.token('token@example.com');
    expect((await verify(client, token)).code).toBe('RATE_LIMITED');
    expect((await verify(someone(), token)).code).toBeUndefined();
  });
});

describe('proofs in a session', () => {
  test.each([
    ['reauthenticate', 'mutation M($guess: String!) { reauthenticate(input: { password: $guess }) { tokenType } }'],
    [
      'changePassword',
      'mutation M($guess: String!) { changePassword(input: { currentPassword: $guess, newPassword: "entirely other words" }) { changed } }',
    ],
  ])('by %s fail ten times in 15 minutes, of 50 at once, in any number of clients', async (name, document) => {
    const { client } = await person(`${name.toLowerCase()}@example.com`);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, number) => someone(client).send(document, { guess: `a wrong guess ${number}` })),
    );
    expect([codes(answers, 'INVALID_CREDENTIALS'), codes(answers, 'RATE_LIMITED')]).toEqual([10, 40]);
    const other = await server.logIn(`${name.toLowerCase()}@example.com`);
    const elsewhere = await someone(other.client).send(document, { guess: 'a wrong guess elsewhere' });
    expect(elsewhere.code).toBe('INVALID_CREDENTIALS');
  });
});

describe('refreshes', () => {
  test('are 60 with one token, and forged ones of a session take nothing from it', async () => {
    const { refreshToken, sessionId } = await person('refresher@example.com');
    const send = (text: string) => someone().send(REFRESH, { input: { refreshToken: text } });
    const forged = Array.from({ length: 100 }, (_, number) => send(`${sessionId}.${number}.${'A'.repeat(43)}`));
    expect(codes(await Promise.all(forged), 'INVALID_TOKEN')).toBe(100);
    const answers = await Promise.all(Array.from({ length: 70 }, () => send(refreshToken)));
    expect([codes(answers, undefined), codes(answers, 'RATE_LIMITED')]).toEqual([60, 10]);
  });
});

/** Mutations by which somebody could guess, or have mails sent, as their input shows; `logout` never fails, so nothing is learnt by it. */
const GUESSED = /password|token|code|passkey|response/i;
const isGuessable = (name: string): boolean => {
  if (name === 'logout') return false;
  return (mutations.getFields()[name]?.args ?? [])
    .map(({ type }) => getNamedType(type))
    .filter(isInputObjectType)
    .some((type) => Object.keys(type.getFields()).some((field) => GUESSED.test(field) || /email$/i.test(field)));
};

describe('every mutation', () => {
  test('has a limit', () => {
    expect(mutationNames.filter((name) => (ACCESS_MAP['Mutation']?.[name]?.limits ?? []).length === 0)).toEqual([]);
  });

  test('by which something can be guessed or mailed is one of those that an operation holds once', () => {
    const listed: readonly string[] = CREDENTIAL_MUTATIONS;
    // createUser sends a mail and needs a permission and a recent login (decisions); eraseMe has the own address typed.
    const others = ['createUser', 'eraseMe'];
    expect(
      mutationNames.filter((name) => isGuessable(name) && !listed.includes(name) && !others.includes(name)),
    ).toEqual([]);
  });
});

const someToken = `${'A'.repeat(22)}.${'B'.repeat(43)}`;
/** A call of each credential mutation that ends in a refusal or an accepted mail, and is counted. */
const CALLS: Readonly<Record<string, string>> = {
  register: 'register(input: { email: "a@example.com", password: "correct horse battery staple" }) { accepted }',
  verifyEmail: `verifyEmail(input: { token: "${someToken}" }) { verified }`,
  resendVerification: 'resendVerification(input: { email: "b@example.com" }) { accepted }',
  login: 'login(input: { email: "c@example.com", password: "wrong" }) { __typename }',
  refresh: `refresh(input: { refreshToken: "${someToken}" }) { tokenType }`,
  reauthenticate: 'reauthenticate(input: { password: "wrong" }) { tokenType }',
  changePassword:
    'changePassword(input: { currentPassword: "wrong", newPassword: "entirely other words" }) { changed }',
  requestPasswordReset: 'requestPasswordReset(input: { email: "d@example.com" }) { accepted }',
  resetPassword: `resetPassword(input: { token: "${someToken}", newPassword: "entirely other words" }) { reset }`,
  requestEmailChange: 'requestEmailChange(input: { newEmail: "e@example.com" }) { accepted }',
  confirmEmailChange: `confirmEmailChange(input: { token: "${someToken}" }) { user { id } }`,
  revertEmailChange: `revertEmailChange(input: { token: "${someToken}" }) { reverted }`,
};
const credentialMutations = mutationNames.filter((name) => CREDENTIAL_MUTATIONS.some((one) => one === name));

describe('every credential mutation', () => {
  let strict: TestServer;
  beforeAll(async () => {
    const three = LIMIT_SETTING_NAMES.map((name) => [limitVariable(name), '3']);
    strict = await startTestServer({ ...WITHOUT_LIMITS, ...Object.fromEntries(three), TRUSTED_PROXIES: '127.0.0.1' });
  });
  afterAll(() => strict.stop());

  test('has a call here', () => {
    expect(Object.keys(CALLS).sort()).toEqual([...credentialMutations].sort());
  });

  test.each(Object.keys(CALLS))(
    '%s is RATE_LIMITED after three calls, and by no more than one an operation',
    async (name) => {
      const first = !(await strict.database.query('SELECT 1 FROM users LIMIT 1'))[0];
      if (first) await strict.signUp('ada@example.com');
      const { client } = await strict.logIn('ada@example.com');
      const from = client.with({ 'x-forwarded-for': `203.0.113.${credentialMutations.indexOf(name) + 1}` });
      const call = CALLS[name] ?? '';
      const aliased = await from.send(`mutation { one: ${call} two: ${call} }`);
      expect([aliased.code, aliased.data]).toEqual(['DOCUMENT_LIMIT_EXCEEDED', undefined]);
      const answers: Answer[] = [];
      for (let times = 0; times < 4; times += 1) answers.push(await from.send(`mutation { ${call} }`));
      expect(answers.map(({ code }) => code === 'RATE_LIMITED')).toEqual([false, false, false, true]);
      expect(answers[3]?.headers.get('retry-after')).toBe(String(answers[3]?.errors[0]?.extensions.retryAfter));
      expect(answers[3]?.data).toEqual({ [name]: null });
    },
  );
});
