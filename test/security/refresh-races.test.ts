import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RESET, settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { bySize } from '../support/full-size.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const EMAIL = 'ada@example.com';
const NEWER = 'entirely other words here';
const REFRESH = 'mutation M($t: String!) { refresh(input: { refreshToken: $t }) { accessToken refreshToken } }';
const CHANGE =
  'mutation M($from: String!, $to: String!) { changePassword(input: { currentPassword: $from, newPassword: $to }) { changed } }';
const ROUNDS = bySize(10, 3);
const REFRESHES = 5;

let server: TestServer;
let other: TestServer;
let current = PASSWORD;
const next = () => (current === PASSWORD ? NEWER : PASSWORD);
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, DATABASE_POOL: '10', ARGON2_MEMORY_KIB: '2048' });
  other = await startTestServer({ ...WITHOUT_LIMITS, DATABASE_POOL: '10' }, server.shared);
  await server.signUp(EMAIL);
});
afterAll(async () => {
  await other.stop();
  await server.stop();
});

const refresh = (t: string, at = server): Promise<Answer> => at.anyone.send(REFRESH, { t });

/** Refreshes on two servers, spread over the time that `change` takes; what they answered. */
async function race(refreshToken: string, changeMs: number, change: Promise<unknown>): Promise<readonly Answer[]> {
  const refreshes = Array.from({ length: REFRESHES }, (_, at) =>
    sleep((1.5 * changeMs * at) / REFRESHES).then(() => refresh(refreshToken, at % 2 === 0 ? server : other)),
  );
  const [, ...answers] = await Promise.all([change, ...refreshes]);
  return answers;
}

/** No token of an ended session opens anything on either server, whatever it was given during the race. */
async function isDead(answers: readonly Answer[], refreshToken: string): Promise<void> {
  const given = answers.flatMap(({ data }) => (data?.['refresh'] ? [data['refresh']] : []));
  for (const at of [server, other]) {
    for (const { accessToken } of given) {
      expect((await at.anyone.as(accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    }
    for (const t of [refreshToken, ...given.map((newer) => newer.refreshToken)]) {
      expect((await refresh(t, at)).code).toBe('INVALID_TOKEN');
    }
  }
  for (const { code } of answers) expect([undefined, 'INVALID_TOKEN']).toContain(code);
}

describe('no refresh that races it saves a session', () => {
  test('from a change of the password elsewhere', async () => {
    let changeMs = 30;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { client } = await server.logIn(EMAIL, current);
      const { refreshToken } = await server.logIn(EMAIL, current);
      const started = performance.now();
      const change = client.send(CHANGE, { from: current, to: next() }).then((answer) => {
        expect(answer.data).toEqual({ changePassword: { changed: true } });
        changeMs = performance.now() - started;
      });
      const answers = await race(refreshToken, changeMs, change);
      current = next();
      await isDead(answers, refreshToken);
      expect((await client.send('{ me { id } }')).code).toBeUndefined();
    }
  });

  test('from a reset of the password', async () => {
    let changeMs = 30;
    for (let round = 0; round < ROUNDS; round += 1) {
      await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${EMAIL}" }) { accepted } }`);
      await settled(server);
      const mail = server.mails.to(EMAIL).findLast(({ text }) => text.includes('reset-password#'));
      const token = /^Token: (\S+)$/m.exec(mail?.text ?? '')?.[1];
      const { refreshToken } = await server.logIn(EMAIL, current);
      const started = performance.now();
      const change = server.anyone.send(RESET, { input: { token, newPassword: next() } }).then((answer) => {
        expect([answer.data, answer.errors]).toEqual([{ resetPassword: { reset: true } }, []]);
        changeMs = performance.now() - started;
      });
      const answers = await race(refreshToken, changeMs, change);
      current = next();
      await isDead(answers, refreshToken);
    }
  });

  test('from the end of all other sessions', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { client } = await server.logIn(EMAIL, current);
      const { refreshToken } = await server.logIn(EMAIL, current);
      const change = client.send('mutation { revokeOtherSessions { revokedCount } }').then((answer) => {
        expect(answer.data['revokeOtherSessions'].revokedCount).toBeGreaterThan(0);
      });
      const answers = await race(refreshToken, 15, change);
      await isDead(answers, refreshToken);
    }
  });
});
