import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PasswordHasher } from '../../src/crypto/password-hasher.ts';
import { idOfNewUser, login, register, settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { fillHashQueue, spyOnHashes } from '../support/full-hash-queue.ts';
import { bySize } from '../support/full-size.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { StatementRecorder } from '../support/statements.ts';

/** So much memory that the hash takes most of a login's time: whoever saves one is seen by it. */
const MEMORY_KIB = 16_384;
const WRONG = 'a wrong password, whoever it is';

let server: TestServer;
const run = spyOnHashes();
const verified = jest.spyOn(PasswordHasher.prototype, 'verify');

beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, ARGON2_MEMORY_KIB: String(MEMORY_KIB) });
  const pending = (name: string) => idOfNewUser(server, () => register(server.anyone, `${name}@example.com`, PASSWORD));
  const setStatus = (id: string, status: string) =>
    server.database.query('UPDATE users SET status = $2, version = version + 1 WHERE id = $1', [id, status]);
  await server.signUp('active@example.com');
  await setStatus(await pending('disabled'), 'DISABLED');
  await pending('pending');
  await pending('contested');
  await register(server.anyone, 'contested@example.com', 'other words of another person');
  const made = await pending('made');
  await server.database.query(
    `UPDATE users SET origin = 'ADMINISTRATOR', password_hash = NULL, pepper_id = NULL, password_parameters = NULL
     WHERE id = $1`,
    [made],
  );
  await settled(server);
});
afterAll(async () => {
  run.mockRestore();
  verified.mockRestore();
  await server.stop();
});
beforeEach(() => {
  run.mockClear();
  verified.mockClear();
});

const ACCOUNTS = ['unknown', 'active', 'pending', 'disabled', 'contested', 'made'];
const addressOf = (account: string) => `${account}@example.com`;

/** All that a client sees, but what differs between any two answers. */
const seen = ({ status, text, headers }: Answer) => ({
  status,
  text: text.replace(/"requestId":"[^"]+"/, '"requestId":""'),
  headers: [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)),
});

const parametersOf = (encoded: string) => /\$(m=\d+,t=\d+,p=\d+)\$/.exec(encoded)?.[1];

describe('a login with a wrong password (v5.0.0-6.3.8)', () => {
  test('is answered the same for every account and for none: body, status and headers', async () => {
    const reference = seen(await login(server.anyone, addressOf('unknown'), WRONG));
    expect(reference.text).toContain('"code":"INVALID_CREDENTIALS"');
    for (const account of ACCOUNTS) {
      expect(seen(await login(server.anyone, addressOf(account), WRONG))).toEqual(reference);
    }
  });

  test.each(ACCOUNTS)('takes one argon2 run of the parameters in use: %s', async (account) => {
    await login(server.anyone, addressOf(account), WRONG);
    expect(run).toHaveBeenCalledTimes(1);
    expect(verified.mock.calls.map(([encoded]) => parametersOf(encoded))).toEqual([`m=${MEMORY_KIB},t=1,p=1`]);
  });

  test('of a contested or password-less account counts no registrant’s password, at the same cost', async () => {
    for (const account of ['contested', 'made']) {
      run.mockClear();
      expect((await login(server.anyone, addressOf(account), PASSWORD)).code).toBe('INVALID_CREDENTIALS');
      expect(run).toHaveBeenCalledTimes(1);
    }
  });

  test('tells how an account stands only with the right one: the twin of the above', async () => {
    expect((await login(server.anyone, addressOf('pending'), PASSWORD)).code).toBe('EMAIL_NOT_VERIFIED');
    expect((await login(server.anyone, addressOf('disabled'), PASSWORD)).code).toBe('ACCOUNT_DISABLED');
    expect((await login(server.anyone, addressOf('active'), PASSWORD)).code).toBeUndefined();
  });

  test('that is no password at all is refused without a run, for every account alike', async () => {
    const answers = [];
    for (const account of ACCOUNTS) answers.push(seen(await login(server.anyone, addressOf(account), 'x'.repeat(257))));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(run).not.toHaveBeenCalled();
  });
});

describe('a login while the hashes are too far behind', () => {
  test('is BUSY for every account alike, and nobody is looked up for it', async () => {
    await login(server.anyone, addressOf('unknown'), WRONG);
    const release = await fillHashQueue(run.mock.contexts[0]);
    const statements = new StatementRecorder();
    try {
      let answers: readonly Answer[] = [];
      const sent = await statements.during(async () => {
        answers = await Promise.all(ACCOUNTS.map((account) => login(server.anyone, addressOf(account), PASSWORD)));
      });
      for (const answer of answers) expect([answer.code, seen(answer)]).toEqual(['BUSY', seen(answers[0] as Answer)]);
      expect(sent.filter((text) => text.includes('email_indexes'))).toEqual([]);
    } finally {
      statements.stop();
      release();
    }
    expect((await login(server.anyone, addressOf('active'), PASSWORD)).code).toBeUndefined();
  });
});

describe('a registration', () => {
  test.each(ACCOUNTS)('takes one argon2 run: %s', async (account) => {
    const email = account === 'unknown' ? 'first@example.com' : addressOf(account);
    const answer = await register(server.anyone, email, WRONG);
    expect(run).toHaveBeenCalledTimes(1);
    expect(answer.text).toBe('{"data":{"register":{"accepted":true}}}\n');
    await settled(server);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('takes one for a repeat with the same password, too', async () => {
    await register(server.anyone, 'repeated@example.com', PASSWORD);
    await settled(server);
    run.mockClear();
    await register(server.anyone, 'repeated@example.com', PASSWORD);
    expect(run).toHaveBeenCalledTimes(1);
    await settled(server);
  });
});

describe('a mail that is asked for', () => {
  test.each(['requestPasswordReset', 'resendVerification'])(
    'by %s is answered the same for every account',
    async (name) => {
      const ask = (account: string) =>
        server.anyone.send(`mutation { ${name}(input: { email: "${addressOf(account)}" }) { accepted } }`);
      const reference = seen(await ask('unknown'));
      expect(reference.text).toBe(`{"data":{"${name}":{"accepted":true}}}\n`);
      for (const account of ACCOUNTS) expect(seen(await ask(account))).toEqual(reference);
      expect(run).not.toHaveBeenCalled();
      await settled(server);
    },
  );
});

/** A run saved or added would make the slowest twice the fastest or more. */
const ALIKE = 1.5;
const LOOKS = 20;

/**
 * The slowest call over the fastest, by the shortest time of each, over rounds in which they take turns, each time in another
 * order. What else runs on the machine only ever adds to a time. Where they seem unlike, as many rounds again are looked at
 * together with the first, and again: noise goes away with that on the busiest machine, a difference in work on none.
 */
async function spread(
  rounds: number,
  calls: Readonly<Record<string, (round: number) => Promise<Answer>>>,
  between: () => Promise<void> = async () => {},
): Promise<number> {
  const names = Object.keys(calls);
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  let found = Number.POSITIVE_INFINITY;
  for (let round = 0; round < LOOKS * rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + round) % names.length] ?? '';
      const started = performance.now();
      await calls[name]?.(round);
      times[name]?.push(performance.now() - started);
      await between();
    }
    if ((round + 1) % rounds !== 0) continue;
    const shortest = Object.values(times).map((each) => Math.min(...each));
    found = Math.max(...shortest) / Math.min(...shortest);
    if (found < ALIKE) break;
  }
  return found;
}

describe('time tells nothing', () => {
  test('of logins with a wrong password to each account, and to none', async () => {
    const found = await spread(
      bySize(100, 10),
      Object.fromEntries(ACCOUNTS.map((account) => [account, () => login(server.anyone, addressOf(account), WRONG)])),
    );
    expect(found).toBeLessThan(ALIKE);
  });

  test('of registrations of new, taken, disabled and contested addresses', async () => {
    const found = await spread(
      bySize(30, 6),
      {
        new: (round) => register(server.anyone, `timed-${round}@example.com`, PASSWORD),
        active: () => register(server.anyone, addressOf('active'), PASSWORD),
        disabled: () => register(server.anyone, addressOf('disabled'), PASSWORD),
        contested: () => register(server.anyone, addressOf('contested'), PASSWORD),
        made: () => register(server.anyone, addressOf('made'), PASSWORD),
      },
      () => settled(server),
    );
    expect(found).toBeLessThan(ALIKE);
  });
});
