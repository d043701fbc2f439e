import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const REFRESH = `mutation Refresh($input: RefreshInput) { refresh(input: $input) {
  accessToken refreshToken session { expiresAt } user { email } } }`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.signUp('ada@example.com');
});
afterAll(() => server.stop());

const refresh = (refreshToken: string): Promise<Answer> => server.anyone.send(REFRESH, { input: { refreshToken } });
const isAlive = async (accessToken: string) =>
  (await server.anyone.as(accessToken).send('{ me { id } }')).code === undefined;
const eventsOf = async (type: string, sessionId: string): Promise<number> => {
  const rows = await server.database.query(
    `SELECT count(*)::int AS count FROM audit_events WHERE type = $1 AND details->>'session' = $2`,
    [type, sessionId],
  );
  return rows[0].count;
};

describe('a refresh token', () => {
  test('gives a new pair, and the new one the next', async () => {
    const { refreshToken } = await server.logIn('ada@example.com');
    const first = await refresh(refreshToken);
    expect(first.data['refresh']).toMatchObject({ user: { email: 'ada@example.com' } });
    expect(first.data['refresh'].refreshToken).not.toBe(refreshToken);
    const second = await refresh(first.data['refresh'].refreshToken);
    expect(await isAlive(second.data['refresh'].accessToken)).toBe(true);
  });

  test('used by 50 calls at once gives one successor, and one session goes on', async () => {
    const { refreshToken, sessionId } = await server.logIn('ada@example.com');
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
    const successors = new Set(answers.map((answer) => answer.data['refresh']?.refreshToken));
    expect(successors.size).toBe(1);
    expect([...successors][0]).toMatch(new RegExp(`^${sessionId}\\.1\\.`));
    expect(await eventsOf('session.reuse_detected', sessionId)).toBe(0);
  });

  test('may be repeated for ten seconds, also after its successor was used', async () => {
    const { refreshToken } = await server.logIn('ada@example.com');
    const first = await refresh(refreshToken);
    await server.anyone.as(first.data['refresh'].accessToken).send('{ me { id } }');
    server.clock.advanceSeconds(10);
    const repeated = await refresh(refreshToken);
    expect(repeated.data['refresh'].refreshToken).toBe(first.data['refresh'].refreshToken);
  });

  test('whose answer was lost may be repeated an hour later', async () => {
    const { refreshToken } = await server.logIn('ada@example.com');
    const lost = await refresh(refreshToken);
    server.clock.advanceSeconds(3_600);
    const repeated = await refresh(refreshToken);
    expect(repeated.data['refresh'].refreshToken).toBe(lost.data['refresh'].refreshToken);
    expect(await isAlive(repeated.data['refresh'].accessToken)).toBe(true);
  });

  test('ends the session when it comes back after its successor’s access token was seen', async () => {
    const { refreshToken, sessionId } = await server.logIn('ada@example.com');
    const first = await refresh(refreshToken);
    const { accessToken } = first.data['refresh'];
    expect(await isAlive(accessToken)).toBe(true);
    server.clock.advanceSeconds(11);
    expect((await refresh(refreshToken)).code).toBe('INVALID_TOKEN');
    expect(await isAlive(accessToken)).toBe(false);
    expect((await refresh(first.data['refresh'].refreshToken)).code).toBe('INVALID_TOKEN');
    expect(await eventsOf('session.reuse_detected', sessionId)).toBe(1);
  });

  test('ends the session when it is two generations old', async () => {
    const { refreshToken, sessionId } = await server.logIn('ada@example.com');
    const first = await refresh(refreshToken);
    const second = await refresh(first.data['refresh'].refreshToken);
    expect((await refresh(refreshToken)).code).toBe('INVALID_TOKEN');
    expect(await isAlive(second.data['refresh'].accessToken)).toBe(false);
    expect(await eventsOf('session.reuse_detected', sessionId)).toBe(1);
  });

  test('with a wrong MAC changes nothing: a session’s id is no secret', async () => {
    const { refreshToken, accessToken, sessionId } = await server.logIn('ada@example.com');
    for (const forged of [
      `${sessionId}.0.${'A'.repeat(43)}`,
      `${sessionId}.7.${refreshToken.split('.')[2]}`,
      `${sessionId}.00.${refreshToken.split('.')[2]}`,
      refreshToken.slice(0, -1),
      `${refreshToken} `,
      accessToken,
      '',
    ]) {
      expect((await refresh(forged)).code).toBe('INVALID_TOKEN');
    }
    expect((await refresh(refreshToken)).code).toBeUndefined();
  });

  test('has one spelling: no other form of its generation, session or MAC is taken, and none ends the session', async () => {
    const { refreshToken, sessionId } = await server.logIn('ada@example.com');
    const other = await server.logIn('ada@example.com');
    const newer: string = (await refresh(refreshToken)).data['refresh'].refreshToken;
    const [, , mac = ''] = newer.split('.');
    const last = {
      A: 'B',
      E: 'F',
      I: 'J',
      M: 'N',
      Q: 'R',
      U: 'V',
      Y: 'Z',
      c: 'd',
      g: 'h',
      k: 'l',
      o: 'p',
      s: 't',
      w: 'x',
    };
    const spellings = [
      ...['01', '+1', '1.0', '1e0', ' 1', '0x1', '-1', '', '１', '4294967297', '1n'].map(
        (one) => `${sessionId}.${one}.${mac}`,
      ),
      `${sessionId.toUpperCase()}.1.${mac}`,
      `${sessionId.replaceAll('-', '')}.1.${mac}`,
      `${sessionId}.1.${mac}=`,
      `${sessionId}.1.${mac.slice(0, -1)}${last[mac.slice(-1) as keyof typeof last] ?? '!'}`,
      `${sessionId}.1.${mac}.${mac}`,
      // Of the generation before, which would end the session if its MAC were right; and with the MAC of another session.
      `${sessionId}.0.${mac}`,
      `${sessionId}.0.${other.refreshToken.split('.')[2]}`,
      `${other.sessionId}.0.${refreshToken.split('.')[2]}`,
    ];
    server.clock.advanceSeconds(11);
    for (const spelling of spellings)
      expect([spelling, (await refresh(spelling)).code]).toEqual([spelling, 'INVALID_TOKEN']);
    for (const token of [newer, other.refreshToken]) expect((await refresh(token)).code).toBeUndefined();
  });

  test('ends the session when it comes back after its successor was used and ten seconds passed', async () => {
    const { refreshToken, sessionId } = await server.logIn('ada@example.com');
    const first = (await refresh(refreshToken)).data['refresh'];
    const second = (await refresh(first.refreshToken)).data['refresh'];
    server.clock.advanceSeconds(11);
    // The second was never seen: its answer may have been lost. The first was, by being used.
    expect((await refresh(first.refreshToken)).data['refresh'].refreshToken).toBe(second.refreshToken);
    expect(await isAlive(second.accessToken)).toBe(true);
    expect((await refresh(first.refreshToken)).code).toBe('INVALID_TOKEN');
    expect(await isAlive(second.accessToken)).toBe(false);
    const [event] = await server.database.query(
      `SELECT outcome, details FROM audit_events WHERE type = 'session.reuse_detected' AND details->>'session' = $1`,
      [sessionId],
    );
    expect(event).toEqual({ outcome: 'DENIED', details: { session: sessionId, presented: 1, current: 2 } });
  });

  test('is dead with its session’s idle time, and with its absolute end however often it is used', async () => {
    const idle = await server.logIn('ada@example.com');
    server.clock.advanceSeconds(14 * 86_400 + 1);
    expect((await refresh(idle.refreshToken)).code).toBe('INVALID_TOKEN');
    let { refreshToken } = await server.logIn('ada@example.com');
    for (let days = 10; days < 90; days += 10) {
      server.clock.advanceSeconds(10 * 86_400);
      refreshToken = (await refresh(refreshToken)).data['refresh'].refreshToken;
    }
    server.clock.advanceSeconds(10 * 86_400 + 1);
    expect((await refresh(refreshToken)).code).toBe('INVALID_TOKEN');
  });

  test('of a holder of permissions lives 30 minutes unused, and 12 hours in all', async () => {
    const { refreshToken } = await server.person('admin@example.com', 'admin');
    const answer = await refresh(refreshToken);
    const left = Date.parse(answer.data['refresh'].session.expiresAt) - server.clock.now().getTime();
    expect(left).toBe(30 * 60_000);
    server.clock.advanceSeconds(30 * 60 + 1);
    expect((await refresh(answer.data['refresh'].refreshToken)).code).toBe('INVALID_TOKEN');
  });

  test('of a holder of permissions is dead after 12 hours, however often it is used', async () => {
    let { refreshToken } = await server.person('busy@example.com', 'support');
    for (let halves = 1; halves <= 24; halves += 1) {
      server.clock.advanceSeconds(1_799);
      refreshToken = (await refresh(refreshToken)).data['refresh'].refreshToken;
    }
    const answer = await refresh(refreshToken);
    const left = Date.parse(answer.data['refresh'].session.expiresAt) - server.clock.now().getTime();
    expect(left).toBe(12 * 3_600_000 - 24 * 1_799_000);
    server.clock.advance(left);
    expect((await refresh(answer.data['refresh'].refreshToken)).code).toBe('INVALID_TOKEN');
  });

  test('of a disabled user is dead at once, and so is the access token', async () => {
    await server.signUp('bob@example.com');
    const { refreshToken, accessToken, userId } = await server.logIn('bob@example.com');
    await server.database.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [userId]);
    expect((await refresh(refreshToken)).code).toBe('INVALID_TOKEN');
    expect((await server.anyone.as(accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
  });
});

test('a new login ends the oldest of a hundred sessions', async () => {
  await server.signUp('eve@example.com');
  const first = await server.logIn('eve@example.com');
  server.clock.advanceSeconds(1);
  for (let count = 1; count <= 100; count += 1) await server.logIn('eve@example.com');
  expect((await refresh(first.refreshToken)).code).toBe('INVALID_TOKEN');
  const live = await server.database.query(
    'SELECT count(*)::int AS count FROM sessions WHERE user_id = $1 AND revoked_at IS NULL',
    [first.userId],
  );
  expect(live[0].count).toBe(100);
});

describe('a refresh that waits for a change of its rows', () => {
  const DISABLE = `UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`;
  /** The answer of a refresh that began while `statement` was made and not committed. */
  async function refreshDuring(token: string, statement: string, id: string): Promise<Answer> {
    let answer: Promise<Answer> | undefined;
    await server.database.transaction(async (tx) => {
      await tx.query(statement, [id]);
      answer = refresh(token);
      await until('it waits for the lock', async () => {
        const [{ waiting }] = await server.database.query(
          `SELECT count(*)::int AS waiting FROM pg_locks JOIN pg_stat_activity USING (pid)
           WHERE datname = current_database() AND NOT granted`,
        );
        return waiting > 0;
      });
    });
    return (await answer) as Answer;
  }

  test('is dead where it was its user’s disabling, or its session’s end', async () => {
    await server.signUp('grace@example.com');
    const first = await server.logIn('grace@example.com');
    const second = await server.logIn('grace@example.com');
    const end = 'UPDATE sessions SET revoked_at = now() WHERE id = $1';
    expect((await refreshDuring(first.refreshToken, end, first.sessionId)).code).toBe('INVALID_TOKEN');
    expect((await refreshDuring(second.refreshToken, DISABLE, second.userId)).code).toBe('INVALID_TOKEN');
    for (const { sessionId } of [first, second]) {
      expect(await eventsOf('session.refreshed', sessionId)).toBe(0);
      const [session] = await server.database.query('SELECT * FROM sessions WHERE id = $1', [sessionId]);
      expect(session.refresh_generation).toBe(0);
    }
  });

  test('goes on with the user as changed where it may, and has one event', async () => {
    const { refreshToken, sessionId, userId } = await server.logIn('ada@example.com');
    const answer = await refreshDuring(refreshToken, 'UPDATE users SET version = version + 1 WHERE id = $1', userId);
    expect(answer.data['refresh'].refreshToken).toContain(`${sessionId}.1.`);
    expect(await eventsOf('session.refreshed', sessionId)).toBe(1);
  });
});

describe('the answer that may be given again', () => {
  const ENDINGS: Readonly<Record<string, (it: LoggedInClient, newer: string) => Promise<unknown>>> = {
    'a logout': (_, newer) => server.anyone.as(newer).send('mutation { logout { loggedOut } }'),
    'its owner elsewhere': async ({ sessionId }) =>
      (await server.logIn('ada@example.com')).client.send(
        `mutation { revokeSession(input: { id: "${sessionId}" }) { revoked } }`,
      ),
    'its time': ({ sessionId }) =>
      server.database.query('UPDATE sessions SET expires_at = $2 WHERE id = $1', [sessionId, server.clock.now()]),
    'its user being disabled': ({ userId }) =>
      server.database.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [userId]),
  };

  test.each(Object.entries(ENDINGS))(
    'is not, within its ten seconds either, once %s ended the session',
    async (_, end) => {
      const it = await server.logIn('ada@example.com');
      const newer = (await refresh(it.refreshToken)).data['refresh'].accessToken;
      expect((await refresh(it.refreshToken)).code).toBeUndefined();
      await end(it, newer);
      expect((await refresh(it.refreshToken)).code).toBe('INVALID_TOKEN');
      await server.database.query(`UPDATE users SET status = 'ACTIVE' WHERE id = $1`, [it.userId]);
    },
  );
});

describe('on two servers that share one database', () => {
  test('50 calls with one token give one successor', async () => {
    const other = await startTestServer({}, server.shared);
    try {
      const { refreshToken } = await server.logIn('ada@example.com');
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          (at % 2 === 0 ? server : other).anyone.send(REFRESH, { input: { refreshToken } }),
        ),
      );
      const successors = new Set(answers.map((answer) => answer.data['refresh']?.refreshToken));
      expect(successors.size).toBe(1);
      expect([...successors][0]).toBeDefined();
    } finally {
      await other.stop();
    }
  });
});
