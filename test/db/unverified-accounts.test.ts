import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { idOfNewUser, register, settled, until, verify, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const DAY = 86_400;

/** The clock leaps here by months at once, which no rotation of keys is made for. */
const SETTINGS = { KEEP_UNVERIFIED_SECONDS: String(30 * DAY), SIGNING_KEY_SECONDS: String(365 * DAY) };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, ...SETTINGS });
});
afterAll(() => server.stop());

const signUp = (email: string) => idOfNewUser(server, () => register(server.anyone, email, PASSWORD));
const isThere = async (userId: string) =>
  (await server.database.query('SELECT 1 FROM users WHERE id = $1', [userId])).length === 1;
/** A server cleans up as it starts; when the oldest registration of all is gone, so is every other of its batch. */
async function cleanUp(): Promise<void> {
  const oldest = randomUUID();
  await server.database.query(
    `INSERT INTO users (id, status, origin, created_at) VALUES ($1, 'PENDING', 'REGISTRATION', '2001-01-01')`,
    [oldest],
  );
  const next = await startTestServer(SETTINGS, server.shared);
  await until('it was cleaned up', async () => !(await isThere(oldest)));
  await next.stop();
}

describe('a registration that nobody verifies', () => {
  test('goes after its days with all that belongs to it, and the trail says so', async () => {
    const userId = await signUp('ada@example.com');
    server.clock.advanceSeconds(30 * DAY - 1);
    await cleanUp();
    expect(await isThere(userId)).toBe(true);
    server.clock.advanceSeconds(1);
    await cleanUp();
    expect(await isThere(userId)).toBe(false);
    for (const table of ['data_keys', 'email_indexes', 'profiles', 'user_roles', 'one_time_tokens']) {
      expect(await server.database.query(`SELECT 1 FROM ${table} WHERE user_id = $1`, [userId])).toEqual([]);
    }
    const events = await server.database.query(
      `SELECT actor_kind FROM audit_events WHERE type = 'registration.expired' AND subject_id = $1`,
      [userId],
    );
    expect(events).toEqual([{ actor_kind: 'SYSTEM' }]);
    expect(await signUp('ada@example.com')).not.toBe(userId);
  });

  test('stays while a token that was mailed of late may still verify it', async () => {
    const userId = await signUp('bea@example.com');
    server.clock.advanceSeconds(30 * DAY);
    await server.anyone.send('mutation { resendVerification(input: { email: "bea@example.com" }) { accepted } }');
    await settled(server);
    const token = await server.mails.token('bea@example.com', 2);
    await cleanUp();
    expect(await isThere(userId)).toBe(true);
    expect((await verify(server.anyone, token)).data['verifyEmail']).toMatchObject({ verified: true });
  });

  test.each([
    ['was verified', `UPDATE users SET status = 'ACTIVE' WHERE id = $1`],
    ['an administrator made', `UPDATE users SET origin = 'ADMINISTRATOR' WHERE id = $1`],
    ['was disabled', `UPDATE users SET status = 'DISABLED' WHERE id = $1`],
  ])('is deleted, but none that %s', async (what, change) => {
    const userId = await signUp(`${what.replaceAll(' ', '-')}@example.com`);
    await server.database.query(change, [userId]);
    server.clock.advanceSeconds(60 * DAY);
    await cleanUp();
    expect(await isThere(userId)).toBe(true);
  });

  test('makes way for an administrator who makes the account at the moment of its clean-up', async () => {
    const { client } = await server.person('admin@example.com', 'admin');
    const userId = await signUp('late@example.com');
    await settled(server);
    const other = server.database.createQueryRunner();
    await other.startTransaction();
    const [{ pid }] = await other.query('SELECT pg_backend_pid() AS pid');
    await other.query('DELETE FROM users WHERE id = $1', [userId]);
    const making = client.send('mutation { createUser(input: { email: "late@example.com" }) { user { status } } }');
    await until('the making waits', async () => {
      const sql = 'SELECT 1 FROM pg_locks WHERE NOT granted AND $1 = ANY(pg_blocking_pids(pid))';
      return (await other.query(sql, [pid])).length > 0;
    });
    await other.commitTransaction();
    await other.release();
    expect((await making).errors).toEqual([]);
  });
});
