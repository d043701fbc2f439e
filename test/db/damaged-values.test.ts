import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { damage } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

const PEOPLE = 3;
const FLOW_MS = 60_000;

let server: TestServer;
let people: string[];
beforeAll(async () => {
  server = await startTestServer();
  people = [];
  for (let person = 0; person < PEOPLE; person += 1)
    people.push((await server.person(`person${person}@example.com`)).userId);
}, FLOW_MS);
afterAll(() => server.stop());

const gatehouse = (typed: string) => runInTerminal(typed.split(' '), settingsBeside(server.shared));
/** What the trail was told of sealed values since the last time it was asked. */
const told = (() => {
  let known = 0;
  return async () => {
    const rows = await server.database.query(
      `SELECT actor_kind AS actor, subject_id AS subject, details FROM audit_events
       WHERE type = 'seal.broken' ORDER BY at, id OFFSET $1`,
      [known],
    );
    known += rows.length;
    return rows;
  };
})();
const broken = (table: string, column: string, subject: string | undefined) => ({
  actor: 'OPERATOR',
  subject,
  details: { table, column },
});

test('keys reseal tells the trail of whoever has a value that does not open, once a run, and reseals everybody else', async () => {
  const [one = '', other = ''] = [...people].sort();
  const [{ id: dataKey }] = await server.database.query('SELECT id FROM data_keys WHERE user_id = $1', [other]);
  for (const column of ['ip', 'user_agent']) await damage(server, 'sessions', column, one);
  await damage(server, 'users', 'email', one);
  await damage(server, 'data_keys', 'wrapped', other);
  const { code, out, err } = await gatehouse('keys reseal');
  expect([code, out]).toEqual([1, `Sealed again: ${PEOPLE - 2} people.\n`]);
  expect(err).toContain(`A value of user ${one} does not open, and they keep their key: users.email of row ${one} `);
  expect(err).toContain(`user ${other} does not open, and they keep their key: data_keys.wrapped of row ${dataKey} `);
  expect(await told()).toEqual([broken('users', 'email', one), broken('data_keys', 'wrapped', dataKey)]);
  for (const column of ['ip', 'user_agent']) await damage(server, 'sessions', column, one);
  await damage(server, 'users', 'email', one);
  await damage(server, 'data_keys', 'wrapped', other);
  expect((await gatehouse('keys reseal')).code).toBe(0);
  expect(await told()).toEqual([]);
});

test('keys rewrap tells the trail of the rows that it names as broken, of ten and no more', async () => {
  await server.database.query('DELETE FROM email_indexes');
  const [person = ''] = people;
  await damage(server, 'users', 'email', person);
  const few = await gatehouse('keys rewrap --index');
  expect([few.code, few.err]).toEqual([1, expect.stringContaining(`users.email of row ${person} does not open`)]);
  expect(await told()).toEqual([broken('users', 'email', person)]);
  // Eleven whose data key is another person's.
  await server.database.query(
    `WITH planted AS (
       INSERT INTO users (id, status, origin, created_at, email)
       SELECT gen_random_uuid(), 'ACTIVE', 'IMPORT', now(), '\\x00' FROM generate_series(1, 11) RETURNING id)
     INSERT INTO data_keys (id, user_id, wrapped, wrapping_key_id, created_at)
     SELECT gen_random_uuid(), planted.id, wrapped, wrapping_key_id, now() FROM planted
     JOIN data_keys ON user_id = $1 AND retired_at IS NULL`,
    [person],
  );
  const many = await gatehouse('keys rewrap --index');
  expect([many.code, many.err.match(/ does not open with key /g)?.length]).toEqual([1, 10]);
  expect(await told()).toHaveLength(10);
});
