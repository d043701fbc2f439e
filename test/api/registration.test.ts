import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  countEvents,
  idOfNewUser,
  login,
  RESET,
  register,
  settled,
  storedOf,
  until,
  verify,
  WITHOUT_LIMITS,
} from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const OTHER = 'a stranger wrote these very words';
const CHOSEN = 'the owner chose this at the end';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

const registerAs = (email: string, password = PASSWORD, profile?: object) =>
  register(server.anyone, email, password, profile);
const codeOfLogin = async (email: string, password: string) => (await login(server.anyone, email, password)).code;

/** A PENDING account of the first registration; its id. */
const pending = (email: string, password = PASSWORD, profile?: object) =>
  idOfNewUser(server, () => registerAs(email, password, profile));

async function madeByAdministrator(email: string): Promise<string> {
  const id = await pending(email);
  await server.database.query(
    `UPDATE users SET origin = 'ADMINISTRATOR', password_hash = NULL, pepper_id = NULL, password_parameters = NULL
     WHERE id = $1`,
    [id],
  );
  return id;
}

async function active(email: string): Promise<string> {
  await server.signUp(email, PASSWORD, { displayName: 'Owner' });
  return (await server.logIn(email)).userId;
}

async function disabled(email: string): Promise<string> {
  const id = await active(email);
  await server.database.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [id]);
  return id;
}

/** All of an answer that a client sees, but what differs between any two. */
const seen = ({ status, text, headers }: Answer) => ({
  status,
  text,
  headers: [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)),
});

describe('register answers the same (v5.0.0-6.3.8)', () => {
  test('for a new, a PENDING, an ACTIVE, an administrator-made and a disabled address', async () => {
    await pending('same-pending@example.com');
    await active('same-active@example.com');
    await madeByAdministrator('same-made@example.com');
    await disabled('same-disabled@example.com');
    const reference = seen(await registerAs('same-new@example.com'));
    expect(reference).toMatchObject({ status: 200, text: '{"data":{"register":{"accepted":true}}}\n' });
    for (const account of ['pending', 'active', 'made', 'disabled']) {
      expect(seen(await registerAs(`same-${account}@example.com`, OTHER))).toEqual(reference);
      expect(seen(await registerAs(`same-${account}@example.com`))).toEqual(reference);
    }
    await settled(server);
  });
});

describe('a PENDING address registered again', () => {
  test('with the same password is a repeat: nothing changes, and another token is mailed', async () => {
    const email = 'repeat@example.com';
    const id = await pending(email, PASSWORD, { displayName: 'First' });
    const before = await storedOf(server, id);
    await registerAs(email, PASSWORD, { displayName: 'Second', bio: 'x' });
    await settled(server);
    expect(await storedOf(server, id)).toBe(before);
    expect(await countEvents(server, 'registration.repeated', id)).toBe(1);
    expect(await countEvents(server, 'registration.contested', id)).toBe(0);

    const answer = await verify(server.anyone, await server.mails.token(email, 2));
    expect(answer.data).toEqual({ verifyEmail: { verified: true, setPassword: false } });
    const { client } = await server.logIn(email);
    expect((await client.send('{ me { profile { displayName bio } } }')).data['me'].profile).toEqual({
      displayName: 'First',
      bio: null,
    });
  });

  test('in other letters, with spaces around, is the same address', async () => {
    const id = await pending('letters@example.com');
    await registerAs(' LETTERS@Example.COM ');
    await settled(server);
    expect(await countEvents(server, 'registration.repeated', id)).toBe(1);
  });

  type Registrant = 'attacker' | 'owner';
  const ORDERS: readonly (readonly Registrant[])[] = [
    ['attacker', 'owner'],
    ['owner', 'attacker'],
    ['attacker', 'owner', 'attacker'],
    ['owner', 'attacker', 'owner'],
    ['owner', 'owner', 'attacker'],
    ['attacker', 'owner', 'owner'],
  ];
  const PASSWORDS: Readonly<Record<Registrant, string>> = { owner: PASSWORD, attacker: OTHER };
  const cases = ORDERS.flatMap((order) => [
    { order, link: 1 },
    { order, link: order.length },
  ]);

  test.each(cases)(
    'with another password ($order, verified by mail $link) counts for nobody',
    async ({ order, link }) => {
      const email = `${order.join('-')}-${link}@example.com`;
      for (const who of order) {
        await registerAs(email, PASSWORDS[who], { displayName: who, bio: `set by the ${who}`, locale: 'de' });
        await settled(server);
      }
      for (const who of order) expect(await codeOfLogin(email, PASSWORDS[who])).toBe('INVALID_CREDENTIALS');

      const answer = await verify(server.anyone, await server.mails.token(email, link));
      expect(answer.data).toEqual({ verifyEmail: { verified: true, setPassword: true } });
      for (const who of order) expect(await codeOfLogin(email, PASSWORDS[who])).toBe('INVALID_CREDENTIALS');

      const token = await server.mails.token(email, order.length + 1);
      const mail = await server.mails.wait(email, order.length + 1);
      expect(mail.text).toContain('/set-password#token=');
      const reset = await server.anyone.send(RESET, { input: { token, newPassword: CHOSEN } });
      expect(reset.data).toEqual({ resetPassword: { reset: true } });
      for (const who of order) expect(await codeOfLogin(email, PASSWORDS[who])).toBe('INVALID_CREDENTIALS');
      const { client } = await server.logIn(email, CHOSEN);
      const me = await client.send('{ me { email emailVerified profile { displayName bio locale } } }');
      expect(me.data['me']).toEqual({
        email,
        emailVerified: true,
        profile: { displayName: null, bio: null, locale: null },
      });
    },
  );

  test('by one person alone verifies with their password: the twin of the above', async () => {
    await pending('alone@example.com');
    const answer = await verify(server.anyone, await server.mails.token('alone@example.com'));
    expect(answer.data).toEqual({ verifyEmail: { verified: true, setPassword: false } });
    expect(await codeOfLogin('alone@example.com', PASSWORD)).toBeUndefined();
  });

  test('stays contested, whoever repeats which password', async () => {
    const email = 'stays@example.com';
    const id = await pending(email, OTHER);
    for (const password of [PASSWORD, OTHER, OTHER, PASSWORD]) await registerAs(email, password);
    await settled(server);
    expect(await countEvents(server, 'registration.repeated', id)).toBe(0);
    expect(await codeOfLogin(email, OTHER)).toBe('INVALID_CREDENTIALS');
  });

  test('while its owner verifies never opens it to the other password', async () => {
    for (let round = 0; round < 20; round += 1) {
      const email = `race-${round}@example.com`;
      await pending(email);
      const token = await server.mails.token(email);
      await Promise.all([registerAs(email, OTHER), verify(server.anyone, token)]);
      await settled(server);
      expect(await codeOfLogin(email, OTHER)).toBe('INVALID_CREDENTIALS');
    }
  });

  test('at the very moment in which its owner verifies leaves no account that nobody can open', async () => {
    const email = 'moment@example.com';
    const id = await pending(email);
    const token = await server.mails.token(email);
    const runner = server.database.createQueryRunner();
    await runner.startTransaction();
    await runner.query('UPDATE users SET contested = true, version = version + 1 WHERE id = $1', [id]);
    const answer = verify(server.anyone, token);
    await until('the verification waits for the row', async () => {
      const waiting = await runner.query(
        'SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid',
      );
      return waiting.length > 0;
    });
    await runner.commitTransaction();
    await runner.release();
    // Read before and written after: it reads once more, and does not pass the contest over.
    expect((await answer).data).toEqual({ verifyEmail: { verified: true, setPassword: true } });
    expect((await verify(server.anyone, token)).code).toBe('INVALID_TOKEN');
    expect((await server.mails.wait(email, 2)).text).toContain('/set-password#token=');
  });
});

describe('register never touches', () => {
  test('an ACTIVE account: its owner gets a mail that says so', async () => {
    const email = 'untouched@example.com';
    const id = await active(email);
    const before = await storedOf(server, id);
    for (const password of [OTHER, PASSWORD]) await registerAs(email, password, { displayName: 'Intruder' });
    await settled(server);
    expect(await storedOf(server, id)).toBe(before);
    expect(await countEvents(server, 'registration.refused', id)).toBe(2);
    for (const number of [2, 3]) {
      const mail = await server.mails.wait(email, number);
      expect(mail.subject).toBe('You already have an account');
      expect(mail.text).not.toContain('Token:');
    }
    expect(await codeOfLogin(email, OTHER)).toBe('INVALID_CREDENTIALS');
    expect(await codeOfLogin(email, PASSWORD)).toBeUndefined();
  });

  test('one that an administrator made: it mails the set-password token again', async () => {
    const email = 'made@example.com';
    const id = await madeByAdministrator(email);
    const before = await storedOf(server, id);
    await registerAs(email, OTHER, { displayName: 'Intruder' });
    await settled(server);
    expect(await storedOf(server, id)).toBe(before);
    expect((await server.mails.wait(email, 2)).text).toContain('/set-password#token=');
    const token = await server.mails.token(email, 2);
    await server.anyone.send(RESET, { input: { token, newPassword: CHOSEN } });
    expect(await codeOfLogin(email, OTHER)).toBe('INVALID_CREDENTIALS');
    expect(await codeOfLogin(email, CHOSEN)).toBeUndefined();
  });

  test('a disabled account', async () => {
    const id = await disabled('disabled@example.com');
    const before = await storedOf(server, id);
    await registerAs('disabled@example.com', OTHER);
    await settled(server);
    expect(await storedOf(server, id)).toBe(before);
    expect(await codeOfLogin('disabled@example.com', OTHER)).toBe('INVALID_CREDENTIALS');
    expect(await codeOfLogin('disabled@example.com', PASSWORD)).toBe('ACCOUNT_DISABLED');
  });
});

describe('fifty first registrations of one address at once', () => {
  test('make one account, which none of their passwords opens', async () => {
    const email = 'flood@example.com';
    await idOfNewUser(server, () =>
      Promise.all(Array.from({ length: 50 }, (_, at) => registerAs(email, at % 2 ? OTHER : PASSWORD))),
    );
    // Mails leave side by side, so which three tokens are live is not told by their order.
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, at) => server.mails.token(email, at + 1)));
    const answers = [];
    for (const token of tokens) answers.push((await verify(server.anyone, token)).data['verifyEmail']);
    expect(answers.filter((answer) => answer !== null)).toEqual([{ verified: true, setPassword: true }]);
    for (const password of [OTHER, PASSWORD]) expect(await codeOfLogin(email, password)).toBe('INVALID_CREDENTIALS');
  });
});

describe('REGISTRATION=closed', () => {
  test('refuses, and makes no account and no mail, while an open server beside it does', async () => {
    const closed = await startTestServer({ ...WITHOUT_LIMITS, REGISTRATION: 'closed' });
    const answer = await register(closed.anyone, 'closed@example.com', PASSWORD);
    expect([answer.code, answer.data]).toEqual(['REGISTRATION_CLOSED', { register: null }]);
    await settled(closed);
    expect(await closed.database.query('SELECT id FROM users')).toEqual([]);
    expect(closed.mails.all).toEqual([]);
    const info = '{ serverInfo { registrationOpen } }';
    expect((await closed.anyone.send(info)).data['serverInfo'].registrationOpen).toBe(false);
    await closed.stop();
    expect((await server.anyone.send(info)).data['serverInfo'].registrationOpen).toBe(true);
    expect((await registerAs('open@example.com')).data).toEqual({ register: { accepted: true } });
  });
});
