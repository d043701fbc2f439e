import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { until } from '../support/account-acts.ts';
import { addBareUsers } from '../support/bare-users.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MADE = new Date('2020-01-01T00:00:00.000Z');
const GIVE = `INSERT INTO user_roles (user_id, role_id, assigned_at) SELECT $1, id, now() FROM roles WHERE name = 'auditor'`;

let server: TestServer;
let first: Client;
let second: Client;
let secondPid: number;
beforeAll(async () => {
  server = await startTestServer();
  const connect = async () => {
    const client = new Client({ connectionString: server.shared.serverUrl });
    await client.connect();
    return client;
  };
  first = await connect();
  second = await connect();
  secondPid = (await second.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
});
afterAll(async () => {
  await first.end();
  await second.end();
  await server.stop();
});

const newUser = async () => (await addBareUsers(server.database, [{ createdAt: MADE }]))[0] ?? '';
const copiesOf = (id: string) =>
  server.database.query(
    `SELECT r.name, user_created_at AS made, user_status AS status FROM user_roles JOIN roles r ON r.id = role_id
     WHERE user_id = $1 ORDER BY r.name`,
    [id],
  );
/** The second connection waits for a lock of the first. */
async function isWaiting(): Promise<boolean> {
  const [row] = await server.database.query(
    'SELECT count(*)::int AS count FROM pg_locks WHERE pid = $1 AND NOT granted',
    [secondPid],
  );
  return row.count > 0;
}

describe('the copies of a user beside their roles', () => {
  test('are made with the role, by the server’s own role in the database, and cannot be given', async () => {
    const id = await newUser();
    await first.query(
      `INSERT INTO user_roles (user_id, role_id, assigned_at, user_created_at, user_status)
       SELECT $1, id, now(), now(), 'ERASED' FROM roles WHERE name = 'auditor'`,
      [id],
    );
    expect(await copiesOf(id)).toEqual([
      { name: 'auditor', made: MADE, status: 'ACTIVE' },
      { name: 'user', made: MADE, status: 'ACTIVE' },
    ]);
  });

  test('follow the user', async () => {
    const id = await newUser();
    const made = new Date('2019-05-05T00:00:00.000Z');
    await first.query(`UPDATE users SET status = 'DISABLED' WHERE id = $1`, [id]);
    expect(await copiesOf(id)).toEqual([{ name: 'user', made: MADE, status: 'DISABLED' }]);
    await server.database.query('UPDATE users SET created_at = $2 WHERE id = $1', [id, made]);
    expect(await copiesOf(id)).toEqual([{ name: 'user', made, status: 'DISABLED' }]);
  });

  test('of a role that is given while the status changes have the new status', async () => {
    const id = await newUser();
    await first.query('BEGIN');
    await first.query(`UPDATE users SET status = 'DISABLED' WHERE id = $1`, [id]);
    const given = second.query(GIVE, [id]);
    await until('the other waits', isWaiting);
    await first.query('COMMIT');
    await given;
    expect((await copiesOf(id)).map(({ status }: { status: string }) => status)).toEqual(['DISABLED', 'DISABLED']);
  });

  test('of a status that changes while a role is given have the new status', async () => {
    const id = await newUser();
    await first.query('BEGIN');
    await first.query(GIVE, [id]);
    const changed = second.query(`UPDATE users SET status = 'DISABLED' WHERE id = $1`, [id]);
    await until('the other waits', isWaiting);
    await first.query('COMMIT');
    await changed;
    expect((await copiesOf(id)).map(({ status }: { status: string }) => status)).toEqual(['DISABLED', 'DISABLED']);
  });
});
