import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, settled, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { bySize } from '../support/full-size.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/** Of the longer races; the shorter ones have a fraction of it. */
const ROUNDS = bySize(50, 15);
const NEWER = 'entirely other words here';
const REFRESH = 'mutation M($t: String!) { refresh(input: { refreshToken: $t }) { accessToken refreshToken } }';
const CHANGE =
  'mutation M($from: String!, $to: String!) { changePassword(input: { currentPassword: $from, newPassword: $to }) { changed } }';

let server: TestServer;
/** How long a login takes: changes are spread over that time, so that they meet it at each of its steps. */
let loginMs: number;

beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, DATABASE_POOL: '10', ARGON2_MEMORY_KIB: '2048' });
  await server.signUp('ada@example.com');
  const started = performance.now();
  for (let time = 0; time < 5; time += 1) await server.logIn('ada@example.com');
  loginMs = (performance.now() - started) / 5;
});
afterAll(() => server.stop());

/** Waits for none of a login's time at 0, and for twice as long as one takes at 1. */
const onTheWay = <T>(part: number, work: () => Promise<T>): Promise<T> => sleep(2 * part * loginMs).then(work);

async function liveSessions(userId: string): Promise<readonly string[]> {
  const rows: { id: string }[] = await server.database.query(
    'SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2',
    [userId, server.clock.now()],
  );
  return rows.map(({ id }) => id);
}

/** What disabling does: the first statement moves the version, and the sessions end in the same transaction. */
const disable = (userId: string) =>
  server.database.transaction(async (tx) => {
    await tx.query(`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`, [userId]);
    await tx.query('UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL', [
      userId,
      server.clock.now(),
    ]);
  });
const enable = (userId: string) =>
  server.database.query(`UPDATE users SET status = 'ACTIVE', version = version + 1 WHERE id = $1`, [userId]);

/** What a change of the password does to the row; what is put in opens nothing. */
const takePassword = (userId: string) =>
  server.database.transaction(async (tx) => {
    await tx.query(
      `UPDATE users SET password_hash = NULL, pepper_id = NULL, password_parameters = NULL, version = version + 1,
         mail_token_version = mail_token_version + 1 WHERE id = $1`,
      [userId],
    );
    await tx.query('UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL', [
      userId,
      server.clock.now(),
    ]);
  });

/** The rounds of a race, each with how far it lets a login come, from 0 to nearly 1. */
const roundsOf = (count: number) => Array.from({ length: count }, (_, round) => ({ round, part: round / count }));

/** A login and a change on its way; in the first round all of the change comes before it, in the last one after it. */
async function raceLogin(round: number, part: number, email: string, change: () => Promise<unknown>): Promise<Answer> {
  if (round === 0) await change();
  const answering = login(server.anyone, email, PASSWORD);
  if (round === ROUNDS - 1) await answering;
  if (round > 0) await onTheWay(part, change);
  return answering;
}
const rounds = roundsOf(ROUNDS);
const shortRounds = roundsOf(bySize(20, 8));

describe('no session lives on', () => {
  test('of logins that race a disabling, each', async () => {
    const { userId } = await server.person('disabled@example.com');
    const codes = new Set<string | undefined>();
    for (const { round, part } of rounds) {
      const answer = await raceLogin(round, part, 'disabled@example.com', () => disable(userId));
      codes.add(answer.code);
      expect(await liveSessions(userId)).toEqual([]);
      await enable(userId);
      if (answer.code !== undefined) continue;
      const { accessToken, refreshToken } = answer.data['login'];
      expect((await server.anyone.as(accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
      expect((await server.anyone.send(REFRESH, { t: refreshToken })).code).toBe('INVALID_TOKEN');
    }
    // Both ways are met, whatever the rounds between them come to.
    expect([...codes].sort()).toEqual(['ACCOUNT_DISABLED', undefined]);
  });

  test('of logins that race the password being taken away, each', async () => {
    const { userId } = await server.person('taken@example.com');
    const [row] = await server.database.query(
      'SELECT password_hash, pepper_id, password_parameters FROM users WHERE id = $1',
      [userId],
    );
    const codes = new Set<string | undefined>();
    for (const { round, part } of rounds) {
      const answer = await raceLogin(round, part, 'taken@example.com', () => takePassword(userId));
      codes.add(answer.code);
      expect(await liveSessions(userId)).toEqual([]);
      await server.database.query(
        'UPDATE users SET password_hash = $2, pepper_id = $3, password_parameters = $4, version = version + 1 WHERE id = $1',
        [userId, row.password_hash, row.pepper_id, row.password_parameters],
      );
    }
    expect([...codes].sort()).toEqual(['INVALID_CREDENTIALS', undefined]);
  });

  test('of logins with the old password that race its change, but the one that changed it', async () => {
    let current = PASSWORD;
    const email = 'changes@example.com';
    const { userId } = await server.person(email);
    for (const { part } of roundsOf(bySize(25, 8))) {
      const next = current === PASSWORD ? NEWER : PASSWORD;
      const { client, sessionId } = await server.logIn(email, current);
      const [changed, ...answers] = await Promise.all([
        client.send(CHANGE, { from: current, to: next }),
        ...[0, 1, 2].map((at) => onTheWay(part / 2 + at * 0.2, () => login(server.anyone, email, current))),
      ]);
      expect(changed?.data).toEqual({ changePassword: { changed: true } });
      expect(await liveSessions(userId)).toEqual([sessionId]);
      for (const answer of answers) expect([undefined, 'INVALID_CREDENTIALS', 'BUSY']).toContain(answer?.code);
      current = next;
    }
  });

  test('of refreshes that race a disabling, each', async () => {
    const { userId } = await server.person('refreshed@example.com');
    for (const { part } of rounds) {
      const { refreshToken } = await server.logIn('refreshed@example.com');
      const [answer] = await Promise.all([
        server.anyone.send(REFRESH, { t: refreshToken }),
        onTheWay(part / 4, () => disable(userId)),
      ]);
      expect([undefined, 'INVALID_TOKEN']).toContain(answer.code);
      expect(await liveSessions(userId)).toEqual([]);
      await enable(userId);
      if (answer.code !== undefined) continue;
      const newer = answer.data['refresh'];
      expect((await server.anyone.as(newer.accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
      for (const t of [newer.refreshToken, refreshToken])
        expect((await server.anyone.send(REFRESH, { t })).code).toBe('INVALID_TOKEN');
    }
  });

  test('of refreshes that race a logout, each', async () => {
    for (const { part } of rounds) {
      const { client, refreshToken, userId, sessionId } = await server.logIn('ada@example.com');
      const [answer] = await Promise.all([
        server.anyone.send(REFRESH, { t: refreshToken }),
        onTheWay(part / 4, () => client.send('mutation { logout { loggedOut } }')),
      ]);
      expect(await liveSessions(userId)).not.toContain(sessionId);
      const newer = answer.data['refresh'];
      if (newer) expect((await server.anyone.as(newer.accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    }
  });

  test('of step-ups that race a disabling, each', async () => {
    const { userId } = await server.person('stepped@example.com');
    for (const { part } of shortRounds) {
      const { client } = await server.logIn('stepped@example.com');
      const [answer] = await Promise.all([
        client.send(`mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken } }`),
        onTheWay(part, () => disable(userId)),
      ]);
      expect(await liveSessions(userId)).toEqual([]);
      await enable(userId);
      const newer = answer.data['reauthenticate'];
      if (newer) expect((await server.anyone.as(newer.accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    }
  });
});

describe('what began before a change waits for it', () => {
  /** Does `change` and keeps it back until `request` waits for it; then lets it happen. */
  async function behind<T>(change: string, id: string, request: () => Promise<T>): Promise<T> {
    const runner = server.database.createQueryRunner();
    await runner.startTransaction();
    await runner.query(change, [id]);
    const answer = request();
    await until('the request waits for the row', async () => {
      const waiting = await runner.query(
        'SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid',
      );
      return waiting.length > 0;
    });
    await runner.commitTransaction();
    await runner.release();
    return answer;
  }
  const DISABLE = `UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`;
  const END = 'UPDATE sessions SET revoked_at = created_at WHERE id = $1';
  const RESEAL = `WITH held AS (UPDATE users SET version = version + 1 WHERE id = $1 RETURNING id)
    UPDATE data_keys SET retired_at = created_at WHERE user_id IN (SELECT id FROM held)`;

  test('a login, and makes no session', async () => {
    const { userId } = await server.person('behind-login@example.com');
    const answer = await behind(DISABLE, userId, () => login(server.anyone, 'behind-login@example.com', PASSWORD));
    expect(answer.code).toBe('ACCOUNT_DISABLED');
    const sessions = await server.database.query('SELECT 1 FROM sessions WHERE user_id = $1', [userId]);
    expect(sessions).toHaveLength(2);
  });

  test('a refresh, and gives no tokens', async () => {
    const { userId, refreshToken, sessionId } = await server.person('behind-refresh@example.com');
    const answer = await behind(DISABLE, userId, () => server.anyone.send(REFRESH, { t: refreshToken }));
    expect([answer.code, answer.data]).toEqual(['INVALID_TOKEN', { refresh: null }]);
    const [row] = await server.database.query('SELECT refresh_generation FROM sessions WHERE id = $1', [sessionId]);
    expect(row.refresh_generation).toBe(0);
  });

  test('a change of the profile, and writes nothing', async () => {
    const { client, sessionId, userId } = await server.person('behind-profile@example.com');
    const answer = await behind(END, sessionId, () =>
      client.send('mutation { updateProfile(input: { bio: "too late" }) { user { id } } }'),
    );
    expect(answer.code).toBe('UNAUTHENTICATED');
    const [row] = await server.database.query('SELECT bio FROM profiles WHERE user_id = $1', [userId]);
    expect(row.bio).toBeNull();
  });

  test('a change of the profile, and writes nothing under a data key that was replaced', async () => {
    const { client, userId } = await server.person('behind-reseal@example.com');
    const answer = await behind(RESEAL, userId, () =>
      client.send('mutation { updateProfile(input: { bio: "too late" }) { user { id } } }'),
    );
    expect(answer.code).toBe('BUSY');
    const [row] = await server.database.query('SELECT bio FROM profiles WHERE user_id = $1', [userId]);
    expect(row.bio).toBeNull();
  });

  test('a change of the profile, and answers what stands there afterwards', async () => {
    const { client, userId } = await server.person('behind-another@example.com');
    const update = (input: string) =>
      client.send(`mutation { updateProfile(input: ${input}) { user { profile { bio displayName } } } }`);
    const answers = await behind('SELECT FROM profiles WHERE user_id = $1 FOR UPDATE', userId, () =>
      Promise.all([update('{ bio: "A bio." }'), update('{ displayName: "A name" }')]),
    );
    const profiles = answers.map(({ data }) => data['updateProfile'].user.profile);
    expect(profiles).toContainEqual({ bio: 'A bio.', displayName: 'A name' });
  });

  test('a change of the password, and leaves the old one', async () => {
    const email = 'behind-password@example.com';
    const { client, sessionId } = await server.person(email);
    const answer = await behind(END, sessionId, () => client.send(CHANGE, { from: PASSWORD, to: NEWER }));
    expect(answer.code).toBe('UNAUTHENTICATED');
    expect((await login(server.anyone, email, NEWER)).code).toBe('INVALID_CREDENTIALS');
    expect((await login(server.anyone, email, PASSWORD)).code).toBeUndefined();
  });

  test('a step-up, and makes no fresh session', async () => {
    const { client, sessionId } = await server.person('behind-step-up@example.com');
    const answer = await behind(END, sessionId, () =>
      client.send(`mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken } }`),
    );
    expect(answer.data).toEqual({ reauthenticate: null });
    // TOKEN_EXPIRED would send the client to refresh in vain.
    expect(answer.code).toBe('UNAUTHENTICATED');
  });

  test('a request for a move to another address, and mails nobody', async () => {
    const { client, sessionId } = await server.person('behind-move@example.com');
    const answer = await behind(END, sessionId, () =>
      client.send('mutation { requestEmailChange(input: { newEmail: "behind-new@example.com" }) { accepted } }'),
    );
    expect(answer.code).toBe('UNAUTHENTICATED');
    await settled(server);
    expect(server.mails.to('behind-new@example.com')).toEqual([]);
  });
});

describe('of changes that race', () => {
  test('50 of one password, one takes effect, and its password is the one that opens the account', async () => {
    const email = 'fifty@example.com';
    const people: LoggedInClient[] = [await server.person(email)];
    for (let more = 0; more < 4; more += 1) people.push(await server.logIn(email));
    const passwords = Array.from({ length: 50 }, (_, at) => `the words of change number ${at} are these`);
    const answers = await Promise.all(
      passwords.map((to, at) => people[at % people.length]?.client.send(CHANGE, { from: PASSWORD, to })),
    );
    const winners = passwords.filter((_, at) => answers[at]?.code === undefined);
    expect(winners).toHaveLength(1);
    for (const answer of answers) {
      expect([undefined, 'INVALID_CREDENTIALS', 'BUSY', 'UNAUTHENTICATED']).toContain(answer?.code);
    }
    expect((await login(server.anyone, email, winners[0] ?? '')).code).toBeUndefined();
    expect((await login(server.anyone, email, PASSWORD)).code).toBe('INVALID_CREDENTIALS');
  });

  test('a profile is not written by a request whose session ends meanwhile', async () => {
    const email = 'profile@example.com';
    const { userId } = await server.person(email);
    for (const { round, part } of shortRounds) {
      const { client } = await server.logIn(email);
      const bio = `round ${round}`;
      const [answer] = await Promise.all([
        client.send(`mutation { updateProfile(input: { bio: "${bio}" }) { user { profile { bio } } } }`),
        onTheWay(part / 10, () => disable(userId)),
      ]);
      await enable(userId);
      const { client: later } = await server.logIn(email);
      const stored = (await later.send('{ me { profile { bio } } }')).data['me'].profile.bio;
      expect(stored === bio).toBe(answer.code === undefined);
    }
  });
});

describe('a login that loses the fence', () => {
  test('by a change that its password outlives reads and verifies once more, and goes on', async () => {
    const { userId } = await server.person('outlives@example.com');
    const bump = () => server.database.query('UPDATE users SET version = version + 1 WHERE id = $1', [userId]);
    for (const { part } of shortRounds) {
      const [answer] = await Promise.all([
        login(server.anyone, 'outlives@example.com', PASSWORD),
        onTheWay(part * 0.8, bump),
      ]);
      expect(answer.code).toBeUndefined();
    }
  });
});
