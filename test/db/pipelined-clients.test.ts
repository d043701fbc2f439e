import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const ME = '{ me { email } }';
const SHARED = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gatehouse-reads'`;

describe('who is logged in, read by connections that requests share', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  test('50 people at once each see themselves, and nobody else', async () => {
    const people: LoggedInClient[] = [];
    for (let index = 0; index < 5; index += 1) people.push(await server.person(`shared${index}@example.com`));
    const asked = Array.from({ length: 50 }, (_, index) => index % people.length);
    const answers = await Promise.all(asked.map((index) => people[index]?.client.send(ME)));
    expect(answers.map((answer) => answer?.data['me'])).toEqual(
      asked.map((index) => ({ email: `shared${index}@example.com` })),
    );
  });

  test('a session that is ended is refused at the very next request, amid the requests of others', async () => {
    const [leaver, stayer] = [await server.person('leaver@example.com'), await server.person('stayer@example.com')];
    const before = Array.from({ length: 10 }, () => stayer.client.send(ME));
    await leaver.client.send('mutation { logout { loggedOut } }');
    const [ended, ...others] = await Promise.all([
      leaver.client.send(ME),
      ...Array.from({ length: 10 }, () => stayer.client.send(ME)),
    ]);
    expect(ended?.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    for (const { data } of [...(await Promise.all(before)), ...others]) {
      expect(data['me']).toEqual({ email: 'stayer@example.com' });
    }
  });

  test('a connection that is lost costs nobody an answer', async () => {
    const { client } = await server.person('cut@example.com');
    await client.send(ME);
    const cutter = new Client({ connectionString: server.shared.serverUrl });
    await cutter.connect();
    const { rows: shared } = await cutter.query<{ pid: number }>(SHARED);
    expect(shared.length).toBeGreaterThan(0);
    const asking = Array.from({ length: 20 }, () => client.send(ME));
    for (const { pid } of shared) await cutter.query('SELECT pg_terminate_backend($1)', [pid]);
    await cutter.end();
    const answers = [...(await Promise.all(asking)), await client.send(ME)];
    for (const { data } of answers) expect(data['me']).toEqual({ email: 'cut@example.com' });
  });

  test('DATABASE_PIPELINE=off goes without them', async () => {
    const plain = await startTestServer({ DATABASE_PIPELINE: 'off' });
    try {
      const { client } = await plain.person('plain@example.com');
      expect((await client.send(ME)).data['me']).toEqual({ email: 'plain@example.com' });
      expect(await plain.database.query(SHARED)).toEqual([]);
    } finally {
      await plain.stop();
    }
  });
});
