import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { addBareUsers } from '../support/bare-users.ts';
import type { Client } from '../support/client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const USERS = `query Users($first: Int, $after: String, $filter: UserFilter) {
  users(first: $first, after: $after, filter: $filter) {
    edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Asked {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly filter?: object | null | undefined;
}

const START = new Date('2020-01-01T00:00:00.000Z').getTime();
const at = (ms: number) => new Date(START + ms);
/** Chooses the users of one test: each has an hour of its own. */
const hour = (number: number) => ({
  createdAfter: at(number * 3_600_000 - 1).toISOString(),
  createdBefore: at((number + 1) * 3_600_000).toISOString(),
});

let server: TestServer;
let support: Client;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  support = (await server.person('support@example.com', 'support')).client;
});
afterAll(() => server.stop());

/** A second server on the same database, for as long as `work` takes. */
async function onAnother(settings: Readonly<Record<string, string>>, work: (anyone: Client) => Promise<unknown>) {
  const second = await startTestServer({ ...WITHOUT_LIMITS, ...settings }, server.shared);
  try {
    await work(second.anyone);
  } finally {
    await second.stop();
  }
}

const ask = (asked: Asked, client = support) => client.send(USERS, asked);
const idsOf = (nodes: readonly { id: string }[]) => nodes.map(({ id }) => id);

/** All pages, as a client walks them; between two pages `meanwhile` is done. */
async function walk(filter: object, first: number, meanwhile: () => Promise<unknown> = async () => undefined) {
  const pages: string[][] = [];
  let after: string | null = null;
  for (let page = 0; page < 50; page += 1) {
    const { data, errors } = await ask({ first, after, filter });
    expect(errors).toEqual([]);
    const { nodes, edges, pageInfo } = data['users'];
    expect(edges.map(({ node }: { node: { id: string } }) => node)).toEqual(nodes);
    expect(pageInfo.startCursor).toBe(edges[0]?.cursor ?? null);
    expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
    expect(pageInfo.hasPreviousPage).toBe(page > 0);
    pages.push(idsOf(nodes));
    if (!pageInfo.hasNextPage) return pages;
    after = pageInfo.endCursor;
    await meanwhile();
  }
  throw new Error('The walk has no end');
}

describe('pages of users', () => {
  test('show every user once, newest first, in pages of the size that was asked for', async () => {
    const ids = await addBareUsers(
      server.database,
      Array.from({ length: 7 }, (_, index) => ({ createdAt: at(3_600_000 + index) })),
    );
    const newestFirst = [...ids].reverse();
    expect(await walk(hour(1), 3)).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6)]);
    expect(await walk(hour(1), 7)).toEqual([newestFirst]);
    expect((await walk(hour(1), 1)).flat()).toEqual(newestFirst);
  });

  test('of users made in the same millisecond lose none and repeat none', async () => {
    const ids = await addBareUsers(
      server.database,
      Array.from({ length: 9 }, () => ({ createdAt: at(2 * 3_600_000) })),
    );
    for (const first of [1, 2, 4]) expect((await walk(hour(2), first)).flat()).toEqual([...ids].sort().reverse());
  });

  test('do not shift while users are added: the walk goes on where it was', async () => {
    const ids = await addBareUsers(
      server.database,
      Array.from({ length: 6 }, (_, index) => ({ createdAt: at(3 * 3_600_000 + index) })),
    );
    let ms = 1_000;
    const addOne = () => addBareUsers(server.database, [{ createdAt: at(3 * 3_600_000 + ms++) }]);
    expect((await walk(hour(3), 2, addOne)).flat()).toEqual([...ids].reverse());
  });

  test('go on behind a user who is gone, and say honestly whether anybody stands before', async () => {
    const ids = await addBareUsers(
      server.database,
      [0, 1, 2].map((index) => ({ createdAt: at(4 * 3_600_000 + index) })),
    );
    const { edges } = (await ask({ filter: hour(4) })).data['users'];
    await server.database.query('DELETE FROM users WHERE id = $1', [ids[2]]);
    const behindNewest = (await ask({ filter: hour(4), after: edges[0].cursor })).data['users'];
    expect(idsOf(behindNewest.nodes)).toEqual([ids[1], ids[0]]);
    expect(behindNewest.pageInfo.hasPreviousPage).toBe(false);
    const behindAll = (await ask({ filter: hour(4), after: edges[2].cursor })).data['users'];
    expect(behindAll).toMatchObject({
      nodes: [],
      pageInfo: { hasPreviousPage: true, hasNextPage: false, startCursor: null },
    });
  });

  test('have 20 users where nothing or null is said', async () => {
    await addBareUsers(
      server.database,
      Array.from({ length: 21 }, (_, index) => ({ createdAt: at(5 * 3_600_000 + index) })),
    );
    for (const first of [undefined, null]) {
      const { nodes, pageInfo } = (await ask({ first, after: null, filter: hour(5) })).data['users'];
      expect([nodes.length, pageInfo.hasNextPage]).toEqual([20, true]);
    }
    expect((await ask({ first: 21, filter: hour(5) })).data['users'].pageInfo.hasNextPage).toBe(false);
  });

  test.each([0, -1, 101, 1_000_000_000])('of %d users are refused', async (first) => {
    for (const answer of [await ask({ first }), await support.send(`{ users(first: ${first}) { nodes { id } } }`)]) {
      expect(answer.data?.['users'] ?? null).toBeNull();
      expect(answer.code).toBe('BAD_USER_INPUT');
      expect(answer.errors[0]?.extensions.fields?.map(({ path, code }) => [path, code])).toEqual([
        [['first'], 'OUT_OF_RANGE'],
      ]);
    }
  });
});

describe('a cursor', () => {
  const cursorOf = async (filter: object) =>
    (await ask({ first: 1, filter })).data['users'].pageInfo.endCursor as string;

  test.each<[string, object]>([
    ['without its filter', {}],
    ['with a filter more', { ...hour(1), status: 'ACTIVE' }],
    ['with another time', hour(2)],
  ])('%s is refused', async (_, filter) => {
    const answer = await ask({ after: await cursorOf(hour(1)), filter });
    expect(answer.data['users']).toBeNull();
    expect(answer.errors.map(({ path, extensions: { code, fields } }) => [path, code, fields])).toEqual([
      [
        ['users'],
        'BAD_USER_INPUT',
        [
          {
            path: ['after'],
            code: 'INVALID_FORMAT',
            message: 'Must be the cursor of a page of this very query, with the same filter.',
          },
        ],
      ],
    ]);
  });

  test('is taken with another page size, and with the same moment or address in another spelling', async () => {
    const spelled = { ...hour(1), createdAfter: hour(1).createdAfter.replace('Z', '+00:00') };
    expect((await ask({ first: 2, after: await cursorOf(hour(1)), filter: spelled })).errors).toEqual([]);
    const after = await cursorOf({ email: 'support@example.com' });
    expect((await ask({ after, filter: { email: ' SUPPORT@Example.com', role: null } })).errors).toEqual([]);
  });

  test.each([
    ['empty', ''],
    ['a word', 'null'],
    ['a null byte', '\u0000'],
    ['SQL', "' OR 1=1 --"],
    ['of the right length', 'A'.repeat(76)],
    ['far too long', 'A'.repeat(5_000)],
    ['an emoji', '🙂'],
  ])('that is %s is refused, and costs no event', async (_, after) => {
    const events = `SELECT count(*)::int AS count FROM audit_events WHERE type = 'users.read'`;
    const before = await server.database.query(events);
    const answer = await ask({ after });
    expect([answer.code, answer.errors[0]?.extensions.fields?.[0]?.path]).toEqual(['BAD_USER_INPUT', ['after']]);
    expect(await server.database.query(events)).toEqual(before);
  });

  test('with one character changed anywhere is refused', async () => {
    const cursor = await cursorOf(hour(1));
    for (let index = 0; index < cursor.length; index += 7) {
      const other = cursor[index] === 'A' ? 'B' : 'A';
      const answer = await ask({ after: cursor.slice(0, index) + other + cursor.slice(index + 1), filter: hour(1) });
      expect(answer.code).toBe('BAD_USER_INPUT');
    }
  });

  test('counts on every node, also for another reader', async () => {
    const { client } = await server.person('second-reader@example.com', 'admin');
    const { accessToken } = await server.logIn('second-reader@example.com');
    const after = await cursorOf(hour(1));
    expect((await ask({ after, filter: hour(1) }, client)).errors).toEqual([]);
    await onAnother({}, async (anyone) => {
      expect((await ask({ after, filter: hour(1) }, anyone.as(accessToken))).errors).toEqual([]);
    });
  });
});

describe('a filter', () => {
  const found = async (filter: object) => {
    const { data, errors } = await ask({ first: 100, filter });
    expect(errors).toEqual([]);
    return idsOf(data['users'].nodes);
  };

  test('by address finds the one user, however it is spelled, and nobody by a part of it', async () => {
    const { userId } = await server.person('ada.lovelace@example.com');
    for (const email of ['ada.lovelace@example.com', ' Ada.Lovelace@EXAMPLE.com ']) {
      expect(await found({ email })).toEqual([userId]);
      expect(await found({ email, role: 'user', status: 'ACTIVE' })).toEqual([userId]);
    }
    for (const email of ['ada@example.com', 'lovelace@example.com', 'nobody@example.com']) {
      expect(await found({ email })).toEqual([]);
    }
    expect(await found({ email: 'ada.lovelace@example.com', role: 'admin' })).toEqual([]);
    expect(await found({ email: 'ada.lovelace@example.com', status: 'DISABLED' })).toEqual([]);
  });

  test('by address finds a user whose only index is of an older key', async () => {
    const { userId } = await server.person('older-key@example.com');
    const keyring = JSON.parse(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));
    keyring.index = {
      active: 'i2',
      keys: { ...keyring.index.keys, i2: Buffer.from('another key of thirty-two bytes.').toString('base64url') },
    };
    const { accessToken } = await server.logIn('support@example.com');
    await onAnother({ KEYRING: JSON.stringify(keyring) }, async (anyone) => {
      const answer = await ask({ filter: { email: 'older-key@example.com' } }, anyone.as(accessToken));
      expect(idsOf(answer.data['users'].nodes)).toEqual([userId]);
    });
  });

  test('by status, role and time, alone and together, chooses whom all of it fits', async () => {
    const base = 10 * 3_600_000;
    const [active, disabled, pending, admin, disabledAdmin] = await addBareUsers(server.database, [
      { createdAt: at(base) },
      { createdAt: at(base + 1), status: 'DISABLED' },
      { createdAt: at(base + 2), status: 'PENDING' },
      { createdAt: at(base + 3), roles: ['user', 'admin'] },
      { createdAt: at(base + 4), roles: ['admin'], status: 'DISABLED' },
    ]);
    const only = (filter: object) => found({ ...hour(10), ...filter });
    expect(await only({})).toEqual([disabledAdmin, admin, pending, disabled, active]);
    expect(await only({ status: 'DISABLED' })).toEqual([disabledAdmin, disabled]);
    expect(await only({ role: 'admin' })).toEqual([disabledAdmin, admin]);
    expect(await only({ role: 'user' })).toEqual([admin, pending, disabled, active]);
    expect(await only({ role: 'admin', status: 'DISABLED' })).toEqual([disabledAdmin]);
    expect(await only({ role: 'auditor' })).toEqual([]);
    expect(await only({ status: 'ERASED' })).toEqual([]);
    expect(await only({ createdAfter: at(base + 1).toISOString() })).toEqual([disabledAdmin, admin, pending]);
    expect(await only({ createdBefore: at(base + 2).toISOString() })).toEqual([disabled, active]);
    expect(await only({ createdAfter: at(base + 9).toISOString() })).toEqual([]);
    expect(await only({ createdAfter: '9999-12-31T23:59:59.999Z' })).toEqual([]);
    expect(
      await only({ createdAfter: '0001-01-01T00:00:00.000Z', createdBefore: at(base + 1).toISOString() }),
    ).toContain(active);
    expect(await only({ createdBefore: '0001-01-01T00:00:00.000Z' })).toEqual([]);
  });

  test('by role and status follows a change of either at once', async () => {
    const base = 11 * 3_600_000;
    const [user] = await addBareUsers(server.database, [{ createdAt: at(base), roles: ['auditor'] }]);
    const only = (filter: object) => found({ ...hour(11), ...filter });
    await server.database.query(`UPDATE users SET status = 'DISABLED' WHERE id = $1`, [user]);
    expect(await only({ role: 'auditor', status: 'ACTIVE' })).toEqual([]);
    expect(await only({ role: 'auditor', status: 'DISABLED' })).toEqual([user]);
    await server.database.query(`DELETE FROM user_roles WHERE user_id = $1`, [user]);
    expect(await only({ role: 'auditor' })).toEqual([]);
    expect(await only({})).toEqual([user]);
  });

  test('walks in pages too', async () => {
    const base = 12 * 3_600_000;
    const ids = await addBareUsers(
      server.database,
      Array.from({ length: 10 }, (_, index) => ({
        createdAt: at(base),
        roles: index % 2 === 0 ? ['support'] : ['user'],
        status: index % 4 === 0 ? ('DISABLED' as const) : ('ACTIVE' as const),
      })),
    );
    const chosen = (every: number) => ids.filter((_, index) => index % every === 0);
    const newestFirst = (some: readonly string[]) => [...some].sort().reverse();
    expect((await walk({ ...hour(12), role: 'support' }, 2)).flat()).toEqual(newestFirst(chosen(2)));
    expect((await walk({ ...hour(12), status: 'DISABLED' }, 1)).flat()).toEqual(newestFirst(chosen(4)));
    expect((await walk({ ...hour(12), role: 'support', status: 'DISABLED' }, 1)).flat()).toEqual(
      newestFirst(chosen(4)),
    );
  });

  test.each(['Admin', 'nobody', '', ' admin', "admin' --"])(
    'by the role %j, which there is not, is refused',
    async (role) => {
      const answer = await ask({ filter: { role } });
      expect(answer.data['users']).toBeNull();
      expect(answer.errors[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: ['filter', 'role'], code: 'NOT_ALLOWED' }],
      });
    },
  );

  test('with values that are none is refused, each by its path', async () => {
    const answer = await ask({ first: 0, filter: { email: 'nobody', status: 'GONE', createdAfter: 'yesterday' } });
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.errors[0]?.extensions.fields?.map(({ path }) => path.join('.')).sort()).toEqual([
      'filter.createdAfter',
      'filter.email',
      'filter.status',
      'first',
    ]);
  });
});
