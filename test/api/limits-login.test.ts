import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countEvents, login, register, settled, until } from '../support/account-acts.ts';
import type { Answer, Client } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const HOUR = 3_600;

let server: TestServer;
let direct: TestServer;
beforeAll(async () => {
  server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' });
  direct = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  await direct.stop();
});

let clients = 0;
/** A client at an address of its own, behind the proxy that the server trusts. */
function someone(): Client {
  clients += 1;
  return at(`198.18.${Math.floor(clients / 250)}.${clients % 250}`);
}
const at = (address: string) => server.anyone.with({ 'x-forwarded-for': address });

/** An account; each is registered from an address of its own, so that no limit of mails counts here. */
async function account(email: string, mailedTo = email): Promise<string> {
  const client = someone();
  await register(client, email, PASSWORD);
  const token = await server.mails.token(mailedTo);
  await client.send(`mutation { verifyEmail(input: { token: "${token}" }) { verified } }`);
  return email;
}

const wrong = (client: Client, email: string, times: number): Promise<Answer[]> =>
  Promise.all(Array.from({ length: times }, (_, number) => login(client, email, `a wrong guess, number ${number}`)));
const count = (answers: readonly Answer[], code: string | undefined) =>
  answers.filter((answer) => answer.code === code).length;
const codeOf = async (client: Client, email: string, password = PASSWORD) =>
  (await login(client, email, password)).code;

describe('wrong passwords of one client for one account (v5.0.0-6.3.1)', () => {
  test('are ten, then RATE_LIMITED with the time to wait, also for the right password', async () => {
    const email = await account('ten@example.com');
    const guesser = someone();
    for (let guess = 0; guess < 10; guess += 1) {
      expect(await codeOf(guesser, email, `wrong guess ${guess}`)).toBe('INVALID_CREDENTIALS');
    }
    const refused = await login(guesser, email, PASSWORD);
    const [error] = refused.errors;
    expect(refused.status).toBe(200);
    expect(refused.data).toEqual({ login: null });
    expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', requestId: expect.any(String), retryAfter: 900 });
    expect(refused.headers.get('retry-after')).toBe('900');
  });

  test('leave the account open to its owner elsewhere, and other accounts to that client (v5.0.0-6.1.1)', async () => {
    const email = await account('victim@example.com');
    const other = await account('other@example.com');
    const guesser = someone();
    await wrong(guesser, email, 11);
    expect(await codeOf(guesser, email)).toBe('RATE_LIMITED');
    expect(await codeOf(someone(), email)).toBeUndefined();
    expect(await codeOf(guesser, other)).toBeUndefined();
  });

  test.each(['known', 'unknown'])('are exactly ten of 50 parallel calls, for a %s account', async (kind) => {
    const email = `fifty-${kind}@example.com`;
    if (kind === 'known') await account(email);
    const answers = await wrong(someone(), email, 50);
    expect(count(answers, 'INVALID_CREDENTIALS')).toBe(10);
    expect(count(answers, 'RATE_LIMITED')).toBe(40);
  });

  test('count one account however its address is written', async () => {
    const email = await account('spelt@bücher.example', 'spelt@xn--bcher-kva.example');
    const guesser = someone();
    const spellings = [email, 'SPELT@BÜCHER.example', ' spelt@xn--bcher-kva.example', 'ｓｐｅｌｔ@bücher.example '];
    const answers: Answer[] = [];
    for (let guess = 0; guess < 12; guess += 1) answers.push(...(await wrong(guesser, spellings[guess % 4] ?? '', 1)));
    expect(count(answers, 'INVALID_CREDENTIALS')).toBe(10);
    expect(count(answers, 'RATE_LIMITED')).toBe(2);
  });

  test('are forgotten when the window ends by the clock, and not a second before', async () => {
    const email = await account('window@example.com');
    const guesser = someone();
    await wrong(guesser, email, 10);
    server.clock.advanceSeconds(899);
    const last = await login(guesser, email, PASSWORD);
    expect([last.code, last.errors[0]?.extensions.retryAfter, last.headers.get('retry-after')]).toEqual([
      'RATE_LIMITED',
      1,
      '1',
    ]);
    server.clock.advanceSeconds(1);
    expect(await codeOf(guesser, email)).toBeUndefined();
    const answers = await wrong(guesser, email, 12);
    expect(count(answers, 'INVALID_CREDENTIALS')).toBe(10);
  });

  test('are told to the audit trail at once, and not once a call', async () => {
    const firsts = async (): Promise<number> => {
      const [row] = await server.database.query(
        `SELECT count(*)::int AS count FROM audit_events WHERE type = 'limit.exceeded'
           AND details @> '{"limit": "loginByClientAndAccount", "stage": "FIRST", "windowSeconds": 900}'`,
      );
      return row.count;
    };
    const before = await firsts();
    const email = await account('told@example.com');
    await wrong(someone(), email, 30);
    await until('the refusal was written', async () => (await firsts()) > before);
    await wrong(someone(), email, 30);
    await until('the next client’s refusal was written', async () => (await firsts()) > before + 1);
    expect(await firsts()).toBe(before + 2);
  });
});

describe('a right password', () => {
  test('gives back its own attempt and no other: nobody guesses on by logging in between', async () => {
    const email = await account('between@example.com');
    const guesser = someone();
    await wrong(guesser, email, 5);
    expect(await codeOf(guesser, email)).toBeUndefined();
    await wrong(guesser, email, 4);
    expect(await codeOf(guesser, email)).toBeUndefined();
    expect(await codeOf(guesser, email, 'the tenth wrong guess')).toBe('INVALID_CREDENTIALS');
    expect(await codeOf(guesser, email)).toBe('RATE_LIMITED');
  });

  test('is never limited by itself: 30 logins of one client leave all ten attempts', async () => {
    const email = await account('often@example.com');
    const owner = someone();
    for (let times = 0; times < 30; times += 1) expect(await codeOf(owner, email)).toBeUndefined();
    expect(count(await wrong(owner, email, 12), 'INVALID_CREDENTIALS')).toBe(10);
  });

  test('of an address that waits to be verified counts as right', async () => {
    const owner = someone();
    await register(owner, 'waits@example.com', PASSWORD);
    await settled(server);
    for (let times = 0; times < 12; times += 1) {
      expect(await codeOf(owner, 'waits@example.com')).toBe('EMAIL_NOT_VERIFIED');
    }
  });
});

describe('guessing spread out', () => {
  test('over 50 clients has 100 attempts at one account an hour, and the owner’s device goes on', async () => {
    const email = await account('spread@example.com');
    const owner = await login(someone(), email, PASSWORD);
    const answers = await Promise.all(Array.from({ length: 50 }, () => wrong(someone(), email, 3)));
    expect(count(answers.flat(), 'INVALID_CREDENTIALS')).toBe(100);
    expect(count(answers.flat(), 'RATE_LIMITED')).toBe(50);
    const stranger = await login(someone(), email, PASSWORD);
    expect([stranger.code, stranger.errors[0]?.extensions.retryAfter]).toEqual(['RATE_LIMITED', HOUR]);
    const { deviceToken } = owner.data['login'];
    expect((await login(someone(), email, PASSWORD, { deviceToken })).code).toBeUndefined();
    server.clock.advanceSeconds(HOUR);
    expect(await codeOf(someone(), email)).toBeUndefined();
  });

  test('over 50 accounts has 30 attempts for one client an hour', async () => {
    const guesser = someone();
    const emails = Array.from({ length: 50 }, (_, number) => `many-${number}@example.com`);
    const answers = await Promise.all(emails.map((email) => wrong(guesser, email, 1)));
    expect(count(answers.flat(), 'INVALID_CREDENTIALS')).toBe(30);
    expect(count(answers.flat(), 'RATE_LIMITED')).toBe(20);
    expect(count(await wrong(someone(), 'many-1@example.com', 1), 'INVALID_CREDENTIALS')).toBe(1);
  });

  test('one client that guesses on and on does not use up the account for others', async () => {
    const email = await account('on-and-on@example.com');
    const guesser = someone();
    for (let round = 0; round < 4; round += 1) await wrong(guesser, email, 50);
    expect(await codeOf(someone(), email)).toBeUndefined();
  });
});

describe('who is one client (v5.0.0-4.1.3)', () => {
  test('is told by the trusted proxy’s own entry, whatever stands before it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, number) => wrong(at(`10.9.8.${number}, 203.0.113.77`), 'by-proxy@example.com', 1)),
    );
    expect(count(answers.flat(), 'INVALID_CREDENTIALS')).toBe(10);
  });

  test('is all of an IPv6 /64, and an IPv4 address in each of its spellings', async () => {
    const household = Array.from({ length: 15 }, (_, number) => `2001:db8:1:2:${number}::${number}`);
    const answers = await Promise.all(household.map((address) => wrong(at(address), 'house@example.com', 1)));
    expect(count(answers.flat(), 'INVALID_CREDENTIALS')).toBe(10);
    expect(count(await wrong(at('2001:db8:1:3::1'), 'house@example.com', 1), 'INVALID_CREDENTIALS')).toBe(1);
    const spellings = ['203.0.113.5', '::ffff:203.0.113.5', '64:ff9b::203.0.113.5'];
    const mapped = await Promise.all(spellings.map((address) => wrong(at(address), 'mapped@example.com', 5)));
    expect(count(mapped.flat(), 'INVALID_CREDENTIALS')).toBe(10);
  });

  test('without a trusted proxy is the connection, whatever headers it sends; so does the session’s address', async () => {
    await direct.signUp('direct@example.com');
    const forged = (number: number) => ({
      'x-forwarded-for': `203.0.113.${number}`,
      'x-real-ip': `203.0.113.${number}`,
      forwarded: `for=203.0.113.${number}`,
      'x-client-ip': `203.0.113.${number}`,
    });
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, number) =>
        login(direct.anyone.with(forged(number)), 'direct@example.com', `guess ${number}`),
      ),
    );
    expect(count(answers, 'INVALID_CREDENTIALS')).toBe(10);
    direct.clock.advanceSeconds(900);
    const { accessToken, user } = (await login(direct.anyone.with(forged(1)), 'direct@example.com', PASSWORD)).data[
      'login'
    ];
    const me = await direct.anyone.as(accessToken).send('{ me { sessions { ip } } }');
    expect(me.data['me'].sessions).toEqual([{ ip: '127.0.0.1' }]);
    await until('failures were written', async () => (await countEvents(direct, 'login.failed', user.id)) === 10);
  });
});
