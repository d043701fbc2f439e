import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const USER = `query User($id: ID!) { user(id: $id) { id email profile { displayName } sessions { id current ip }
  roles { name } status } }`;
const BY_ADDRESS = `query Find($email: EmailAddress!) { users(filter: { email: $email }) { nodes {
  id email profile { displayName } sessions { id current } } edges { node { email sessions { id } } } } }`;
const NOBODY = '0190aaaa-0000-7000-8000-00000000000a';

let server: TestServer;
let ada: LoggedInClient;
let bea: LoggedInClient;
let reader: LoggedInClient;
let watcher: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await server.database.query(
    `INSERT INTO roles (id, name, description, permissions, built_in, created_at) VALUES
       (gen_random_uuid(), 'reader', 'Reads users.', '{USERS_READ}', false, now()),
       (gen_random_uuid(), 'watcher', 'Reads sessions.', '{SESSIONS_READ}', false, now())`,
  );
  await server.signUp('ada@example.com', undefined, { displayName: 'Ada' });
  ada = await server.logIn('ada@example.com');
  bea = await server.person('bea@example.com');
  reader = await server.person('reader@example.com', 'reader');
  watcher = await server.person('watcher@example.com', 'watcher');
});
afterAll(() => server.stop());

interface ReadEvent {
  readonly type: string;
  readonly subject_id: string | null;
  readonly details: object;
  readonly life: string | null;
}

/** The events of one request, by type, once there are `count`; for a moment longer, if none are expected. */
async function eventsOf({ headers }: Answer, count: number): Promise<ReadEvent[]> {
  const find = () =>
    server.database.query<ReadEvent[]>(
      `SELECT e.type, e.subject_id, e.details, d.life FROM audit_events e LEFT JOIN day_keys d ON d.id = e.origin_key_id
       WHERE e.request_id = $1 AND e.type <> 'session.refreshed' ORDER BY e.type`,
      [headers.get('x-request-id')],
    );
  if (count === 0) await sleep(50);
  await until(`${count} events were written`, async () => (await find()).length >= count);
  return find();
}

describe('user', () => {
  test('is oneself for everybody, all of it, with no event', async () => {
    for (const id of [ada.userId, ada.userId.toUpperCase()]) {
      const answer = await ada.client.send(USER, { id });
      expect(answer.errors).toEqual([]);
      expect(answer.data['user']).toMatchObject({ email: 'ada@example.com', profile: { displayName: 'Ada' } });
      expect(answer.data['user'].sessions).toContainEqual({ id: ada.sessionId, current: true, ip: '127.0.0.1' });
      expect(await eventsOf(answer, 0)).toEqual([]);
    }
  });

  test('is anybody for a holder of USERS_READ, and each reading has its event', async () => {
    const answer = await reader.client.send(USER, { id: ada.userId });
    expect(answer.errors).toEqual([]);
    expect(answer.data['user']).toMatchObject({
      id: ada.userId,
      email: 'ada@example.com',
      profile: { displayName: 'Ada' },
      roles: [{ name: 'user' }],
      status: 'ACTIVE',
    });
    const [, read] = await eventsOf(answer, 2);
    expect(read).toEqual({ type: 'user.read', subject_id: ada.userId, details: {}, life: 'AUDIT_TRAIL' });
  });

  test('is null without an error for another, an unknown and a malformed id alike, without a look-up', async () => {
    const told = [];
    for (const id of [ada.userId, NOBODY, 'nonsense', '', "' OR true --", '0']) {
      const answer = await bea.client.send(USER, { id });
      told.push(answer.text);
    }
    expect(new Set(told)).toEqual(new Set(['{"data":{"user":null}}\n']));
  });

  test('that is refused is told to the trail once an operation, whoever was asked for', async () => {
    const answer = await bea.client.send(
      `{ a: user(id: "${ada.userId}") { id } b: user(id: "${NOBODY}") { id } c: user(id: "x") { id } }`,
    );
    expect(await eventsOf(answer, 1)).toMatchObject([{ type: 'access.hidden', details: { fields: 3 } }]);
  });

  test('is null for an id of nobody, also for who may read all', async () => {
    for (const id of [NOBODY, 'nonsense', '']) {
      const { data, errors } = await reader.client.send(USER, { id });
      expect([data['user'], errors]).toEqual([null, []]);
    }
  });

  test('needs a login', async () => {
    expect((await server.anyone.send(USER, { id: ada.userId })).code).toBe('UNAUTHENTICATED');
  });

  test('of somebody erased has a status and no values', async () => {
    const { client, userId } = await server.person('gone@example.com');
    await client.send('mutation { eraseMe(input: { confirmEmail: "gone@example.com" }) { erased } }');
    const { data, errors } = await reader.client.send(USER, { id: userId });
    expect(errors).toEqual([]);
    expect(data['user']).toEqual({
      id: userId,
      status: 'ERASED',
      email: null,
      profile: { displayName: null },
      sessions: null,
      roles: expect.any(Array),
    });
  });
});

describe('users', () => {
  test.each(['bea', 'watcher'])('is refused to %s, who lacks USERS_READ; its neighbours answer', async (name) => {
    const { client } = name === 'bea' ? bea : watcher;
    const { data, errors } = await client.send('{ users { nodes { id email } } me { email } }');
    expect(data).toEqual({ users: null, me: { email: `${name}@example.com` } });
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['users'], 'FORBIDDEN']]);
  });

  test.each<[string, string, readonly string[]]>([
    ['{ email: "ada@example.com" }', 'email', ['ada']],
    ['{ email: "nobody@example.com", role: null }', 'email', []],
    ['{ role: "reader", status: ACTIVE }', 'status role', ['reader']],
    ['{ createdBefore: "0001-01-01T00:00:00Z" }', 'createdBefore', []],
  ])(
    '%s has one event: whom the page showed, and by which filters, but not what they said',
    async (filter, names, shown) => {
      const ids = { ada: ada.userId, reader: reader.userId };
      const answer = await reader.client.send(`{ users(filter: ${filter}) { nodes { id } } }`);
      expect(await eventsOf(answer, 1)).toEqual([
        {
          type: 'users.read',
          subject_id: null,
          details: {
            users: shown.map((name) => Object.entries(ids).find(([each]) => each === name)?.[1]),
            filters: names.split(' '),
          },
          life: 'AUDIT_TRAIL',
        },
      ]);
    },
  );
});

describe('fields of another person', () => {
  test('sessions are null without SESSIONS_READ, on every path, with one event an operation', async () => {
    const answer = await reader.client.send(BY_ADDRESS, { email: 'ada@example.com' });
    expect(answer.errors).toEqual([]);
    const { nodes, edges } = answer.data['users'];
    expect(nodes).toEqual([
      { id: ada.userId, email: 'ada@example.com', profile: { displayName: 'Ada' }, sessions: null },
    ]);
    expect(edges[0].node).toEqual({ email: 'ada@example.com', sessions: null });
    expect(await eventsOf(answer, 2)).toMatchObject([
      { type: 'access.hidden', details: { fields: 2 } },
      { type: 'users.read' },
    ]);
  });

  test('one’s own sessions in a page are there, also without SESSIONS_READ', async () => {
    const { data } = await reader.client.send(BY_ADDRESS, { email: 'reader@example.com' });
    expect(data['users'].nodes[0].sessions.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
  });

  test('SESSIONS_READ alone reaches nobody', async () => {
    const { data, errors } = await watcher.client.send(USER, { id: ada.userId });
    expect([data['user'], errors]).toEqual([null, []]);
  });

  test('sessions are there with both permissions, none of them current, and their reading has its event', async () => {
    const support = await server.person('support@example.com', 'support');
    const answer = await support.client.send(BY_ADDRESS, { email: 'ada@example.com' });
    const sessions: { id: string; current: boolean }[] = answer.data['users'].nodes[0].sessions;
    expect(sessions.map(({ id }) => id)).toContain(ada.sessionId);
    expect(sessions.every(({ current }) => !current)).toBe(true);
    expect(await eventsOf(answer, 2)).toMatchObject([
      { type: 'sessions.read', details: { users: [ada.userId] }, life: 'AUDIT_TRAIL' },
      { type: 'users.read', details: { users: [ada.userId], filters: ['email'] } },
    ]);
  });

  test('sessions that have ended or run out are not shown', async () => {
    const support = await server.logIn('support@example.com');
    const { client, userId, sessionId } = await server.person('leaver@example.com');
    const sessionIds = async (): Promise<string[]> =>
      (await support.client.send(USER, { id: userId })).data['user'].sessions.map(({ id }: { id: string }) => id);
    expect(await sessionIds()).toContain(sessionId);
    await client.send('mutation { logout { loggedOut } }');
    expect(await sessionIds()).not.toContain(sessionId);
  });
});

describe('an act of administration that changes nothing', () => {
  test.each([
    ['enableUser', (id: string) => `enableUser(input: { id: "${id}" })`],
    ['assignRole', (id: string) => `assignRole(input: { userId: "${id}", role: "user" })`],
    ['unassignRole', (id: string) => `unassignRole(input: { userId: "${id}", role: "auditor" })`],
  ])('%s shows the person, and is told as a reading', async (name, act) => {
    const { client } = await server.person(`${name}@example.com`, 'admin');
    const answer = await client.send(`mutation { done: ${act(ada.userId)} { user { email } } }`);
    expect(answer.data['done']).toEqual({ user: { email: 'ada@example.com' } });
    const read = { type: 'user.read', subject_id: ada.userId, details: {}, life: 'AUDIT_TRAIL' };
    expect(await eventsOf(answer, 1)).toEqual([read]);
  });
});

describe('whoever is shut out after the request was let in', () => {
  const DISABLED = `UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`;
  const ENDED = 'UPDATE sessions SET revoked_at = now() WHERE user_id = $1';
  const STEPPED_UP = `UPDATE sessions SET authenticated_at = authenticated_at + interval '1 s' WHERE user_id = $1`;

  test.each([
    ['users', 'disabled', '{ users { nodes { id email } } }', DISABLED, 'UNAUTHENTICATED'],
    ['user', 'disabled', 'USER', DISABLED, 'UNAUTHENTICATED'],
    ['users', 'logged out', '{ users { nodes { id email } } }', ENDED, 'UNAUTHENTICATED'],
    ['user', 'reauthenticated elsewhere', 'USER', STEPPED_UP, 'TOKEN_EXPIRED'],
  ])('gets nothing of %s: %s', async (field, how, query, change, code) => {
    const email = `late-${field}-${how.replaceAll(' ', '-')}@example.com`;
    const late = await server.person(email, 'support');
    await late.client.send('{ me { id } }');
    const other = server.database.createQueryRunner();
    await other.startTransaction();
    const [{ pid }] = await other.query('SELECT pg_backend_pid() AS pid');
    await other.query(change, [late.userId]);
    const answer = late.client.send(query === 'USER' ? `{ user(id: "${ada.userId}") { id email } }` : query);
    await until('the reading waits', async () => {
      const waiting = await other.query(
        'SELECT 1 FROM pg_locks WHERE NOT granted AND $1 = ANY(pg_blocking_pids(pid))',
        [pid],
      );
      return waiting.length > 0;
    });
    await other.commitTransaction();
    await other.release();
    expect((await answer).data[field]).toBeNull();
    expect((await answer).code).toBe(code);
  });
});

describe('what cannot be recorded is not told', () => {
  const refuseEvents = async (type: string, work: () => Promise<unknown>) => {
    await server.database.query(`ALTER TABLE audit_events ADD CONSTRAINT refuse CHECK (type <> '${type}') NOT VALID`);
    try {
      await work();
    } finally {
      await server.database.query('ALTER TABLE audit_events DROP CONSTRAINT refuse');
    }
  };

  test.each([
    ['users.read', `{ users(filter: { email: "ada@example.com" }) { nodes { id email } } }`, 'users'],
    ['user.read', 'USER', 'user'],
  ])('%s', async (type, query, field) => {
    const text = query === 'USER' ? `{ user(id: "${ada.userId}") { id email } }` : query;
    await refuseEvents(type, async () => {
      const answer = await reader.client.send(text);
      expect(answer.data[field]).toBeNull();
      expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
      expect(answer.text).not.toContain('ada@example.com');
    });
    expect((await reader.client.send(text)).text).toContain('ada@example.com');
  });

  test('sessions.read', async () => {
    const support = await server.logIn('support@example.com');
    const text = `{ user(id: "${ada.userId}") { email sessions { id ip } } }`;
    await refuseEvents('sessions.read', async () => {
      const answer = await support.client.send(text);
      expect(answer.data['user']).toEqual({ email: 'ada@example.com', sessions: null });
      expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
      expect(answer.text).not.toContain(ada.sessionId);
    });
    expect((await support.client.send(text)).text).toContain(ada.sessionId);
  });
});
