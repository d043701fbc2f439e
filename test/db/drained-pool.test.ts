import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ME = '{ me { id } }';
const LOCKED = `SELECT FROM pg_locks WHERE relation = 'sessions'::regclass AND NOT granted`;

let server: TestServer;
beforeAll(async () => {
  const settings = { DATABASE_POOL: '1', DATABASE_PIPELINE: 'off' };
  // The limits that a server has.
  server = await startTestServer(settings, undefined, undefined, {});
});
afterAll(() => server.stop());

test('with no connection free for five seconds a request is BUSY, no fault of ours, and goes on afterwards', async () => {
  const { client } = await server.person('ada@example.com');
  const wrong = () =>
    server.anyone.send('mutation($input: LoginInput!) { login(input: $input) { __typename } }', {
      input: { email: 'ada@example.com', password: 'a wrong guess altogether' },
    });
  for (let guess = 0; guess < 9; guess += 1) await wrong();
  const [held, ...waiting] = await server.database.transaction(async (tx) => {
    await tx.query('LOCK TABLE sessions');
    const first = client.send(ME);
    // The only connection waits for the lock; the others wait for the connection.
    await until('it does', async () => (await tx.query(LOCKED)).length > 0);
    const others = await Promise.all([client.send(ME), client.send(ME), wrong()]);
    return [first, ...others] as const;
  });
  for (const answer of waiting) {
    expect(answer.errors.map(({ extensions }) => [extensions.code, extensions.retryAfter])).toEqual([['BUSY', 1]]);
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect((await held).code).toBeUndefined();
  expect((await client.send(ME)).code).toBeUndefined();
  // What was never judged took no attempt: the tenth is still there, and it is the last.
  expect((await wrong()).code).toBe('INVALID_CREDENTIALS');
  expect((await wrong()).code).toBe('RATE_LIMITED');
});
