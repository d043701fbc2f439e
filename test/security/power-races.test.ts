import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { countEvents, settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { act, addRole, administrators } from '../support/administration-acts.ts';
import type { Answer } from '../support/client.ts';
import { bySize } from '../support/full-size.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const numbersTo = (count: number) => Array.from({ length: count }, (_, number) => number);
const ROUNDS = bySize(50, 8);
/** Every round of a race, one after the other. */
const rounds = numbersTo(ROUNDS);
/** Calls that are sent all at once. */
const fifty = numbersTo(50);
const REFRESH = 'mutation M($t: String!) { refresh(input: { refreshToken: $t }) { accessToken refreshToken } }';

let server: TestServer;
/** On the same database: what must be counted once is counted once by two nodes, too. */
let second: TestServer;

beforeAll(async () => {
  const settings = { ...WITHOUT_LIMITS, DATABASE_POOL: '10' };
  server = await startTestServer(settings);
  second = await startTestServer(settings, server.shared);
});
afterAll(async () => {
  await second.stop();
  await server.stop();
});

const unassign = (by: LoggedInClient, from: LoggedInClient) =>
  act(by.client, 'unassignRole', { userId: from.userId, role: 'admin' });
const disable = (by: LoggedInClient, whom: LoggedInClient) =>
  act(by.client, 'disableUser', { id: whom.userId, reason: 'A race.' });
const atTheOther = (person: LoggedInClient): LoggedInClient => ({
  ...person,
  client: second.anyone.as(person.accessToken),
});

/** Makes these people administrators again, ACTIVE and with the sessions that they had. */
async function reinstate(people: readonly LoggedInClient[]): Promise<void> {
  const ids = people.map(({ userId }) => userId);
  await server.database.query(`UPDATE users SET status = 'ACTIVE', version = version + 1 WHERE id = ANY($1)`, [ids]);
  await server.database.query(
    `INSERT INTO user_roles SELECT u, r.id, now() FROM unnest($1::uuid[]) u, roles r WHERE r.name = 'admin' ON CONFLICT DO NOTHING`,
    [ids],
  );
  await server.database.query('UPDATE sessions SET revoked_at = NULL WHERE user_id = ANY($1)', [ids]);
}

const codesOf = (answers: readonly Answer[]) => answers.map(({ code }) => code ?? 'done').sort();

describe('two administrators, alone', () => {
  let ada: LoggedInClient;
  let bob: LoggedInClient;
  beforeAll(async () => {
    ada = await server.person('ada@example.com', 'admin');
    bob = await server.person('bob@example.com', 'admin');
  });
  beforeEach(() => reinstate([ada, bob]));

  const RACES: readonly (readonly [what: string, calls: () => Promise<Answer>[], refusals: readonly string[]])[] = [
    ['who unassign each other', () => [unassign(ada, bob), unassign(bob, ada)], ['FORBIDDEN']],
    ['who disable each other', () => [disable(ada, bob), disable(bob, ada)], ['UNAUTHENTICATED']],
    ['who both give the role back', () => [unassign(ada, ada), unassign(bob, bob)], ['CONFLICT']],
    ['who both disable themselves', () => [disable(ada, ada), disable(bob, bob)], ['CONFLICT']],
    ['who go different ways', () => [unassign(ada, ada), disable(bob, bob)], ['CONFLICT']],
    ['at two nodes', () => [unassign(ada, bob), unassign(atTheOther(bob), ada)], ['FORBIDDEN']],
  ];

  test.each(RACES)('%s, round after round: one is left each time', async (_, calls, refusals) => {
    for (const round of rounds) {
      const answers = await Promise.all(calls());
      expect([round, codesOf(answers)]).toEqual([round, [refusals[0], 'done'].sort()]);
      expect(await administrators(server)).toHaveLength(1);
      await reinstate([ada, bob]);
    }
  });
});

describe('erasing', () => {
  const eraseBy = (by: LoggedInClient, whom: LoggedInClient) =>
    act(by.client, 'eraseUser', { id: whom.userId, reason: 'A race.' });

  test('each other, two administrators leave one, in each round', async () => {
    for (const round of numbersTo(bySize(12, 3))) {
      await server.database.query(
        `DELETE FROM user_roles ur USING roles r WHERE r.id = ur.role_id AND r.name = 'admin'`,
      );
      const ada = await server.person(`erased-ada-${round}@example.com`, 'admin');
      const bob = await server.person(`erased-bob-${round}@example.com`, 'admin');
      const answers = await Promise.all([
        eraseBy(ada, bob),
        round % 3 === 0 ? eraseBy(bob, ada) : round % 3 === 1 ? disable(bob, bob) : unassign(atTheOther(bob), ada),
      ]);
      // Who has disabled himself may be erased afterwards; of acts on each other only the first can be done.
      const done = codesOf(answers).filter((code) => code === 'done').length;
      expect([round, round % 3 === 1 ? done > 0 : done === 1]).toEqual([round, true]);
      expect(await administrators(server)).toHaveLength(1);
    }
  });

  test('oneself while one is given a role: either it is held, or the person is gone with it', async () => {
    await reinstate([await server.person('giver@example.com', 'admin')]);
    const giver = await server.logIn('giver@example.com');
    for (const round of numbersTo(bySize(20, 6))) {
      const email = `leaving-${round}@example.com`;
      const { client, userId } = await server.person(email);
      const [erased, given] = await Promise.all([
        sleep(round % 4).then(() =>
          client.send(`mutation { eraseMe(input: { confirmEmail: "${email}" }) { erased } }`),
        ),
        sleep(round % 3).then(() => act(giver.client, 'assignRole', { userId, role: 'support' })),
      ]);
      const outcome = [erased.code ?? 'done', given.code ?? 'done'].join(' ');
      expect(['CONFLICT done', 'done CONFLICT']).toContain(outcome);
      const [row] = await server.database.query(
        `SELECT u.status, (SELECT count(*)::int FROM user_roles WHERE user_id = u.id) AS roles FROM users u WHERE u.id = $1`,
        [userId],
      );
      expect(row).toEqual(given.code ? { status: 'ERASED', roles: 0 } : { status: 'ACTIVE', roles: 2 });
    }
  });
});

describe('ten administrators', () => {
  test('in 50 parallel tries to be rid of each other leave one at least, in each round', async () => {
    await server.database.query(`DELETE FROM user_roles ur USING roles r WHERE r.id = ur.role_id AND r.name = 'admin'`);
    const people: LoggedInClient[] = [];
    for (let number = 0; number < 10; number += 1) {
      people.push(await server.person(`ten-${number}@example.com`, 'admin'));
    }
    for (const round of numbersTo(bySize(5, 2))) {
      const answers = await Promise.all(
        fifty.map((at) => {
          const by = people[at % 10] as LoggedInClient;
          const whom = people[(at * 7 + round) % 10] as LoggedInClient;
          const actor = at % 4 === 0 ? atTheOther(by) : by;
          return at % 2 === 0 ? unassign(actor, whom) : disable(actor, whom);
        }),
      );
      const allowed = ['done', 'CONFLICT', 'FORBIDDEN', 'UNAUTHENTICATED'];
      expect(codesOf(answers).filter((code) => !allowed.includes(code))).toEqual([]);
      const left = await administrators(server);
      expect(left.length).toBeGreaterThanOrEqual(1);
      await reinstate(people);
    }
  });

  test('of whom each gives the role back at once, leave exactly one', async () => {
    const ids = await administrators(server);
    const people: LoggedInClient[] = [];
    for (let number = 0; number < 10; number += 1) people.push(await server.logIn(`ten-${number}@example.com`));
    expect(people).toHaveLength(ids.length);
    const answers = await Promise.all(people.map((person) => unassign(person, person)));
    expect(codesOf(answers)).toEqual(['CONFLICT', ...Array(9).fill('done')]);
    expect(await administrators(server)).toHaveLength(1);
    await reinstate(people);
  });
});

describe('of 50 at once', () => {
  let admin: LoggedInClient;
  let subject: LoggedInClient;
  let round = 0;
  beforeEach(async () => {
    round += 1;
    admin = await server.person(`fifty-${round}@example.com`, 'admin');
    subject = await server.person(`whom-${round}@example.com`);
  });

  test('makings of one role, one makes it', async () => {
    const input = { name: 'only-one', description: 'For a test.', permissions: ['USERS_READ'] };
    const answers = await Promise.all(fifty.map(() => act(admin.client, 'createRole', input)));
    expect(codesOf(answers)).toEqual([...Array(49).fill('CONFLICT'), 'done']);
    const rows = await server.database.query(`SELECT 1 FROM roles WHERE name = 'only-one'`);
    expect(rows).toHaveLength(1);
  });

  test('makings of one user, one makes them, and one mail is sent', async () => {
    const email = 'only-one@example.com';
    const answers = await Promise.all(fifty.map(() => act(admin.client, 'createUser', { email })));
    expect(codesOf(answers)).toEqual([...Array(49).fill('CONFLICT'), 'done']);
    await settled(server);
    expect(server.mails.to(email)).toHaveLength(1);
  });

  test('assignings, disablings and enablings of one person, each changes them once', async () => {
    for (const [name, input, type] of [
      ['assignRole', { userId: subject.userId, role: 'support' }, 'role.assigned'],
      ['unassignRole', { userId: subject.userId, role: 'support' }, 'role.unassigned'],
      ['disableUser', { id: subject.userId, reason: 'A race.' }, 'user.disabled'],
      ['enableUser', { id: subject.userId }, 'user.enabled'],
    ] as const) {
      const answers = await Promise.all(fifty.map(() => act(admin.client, name, input)));
      expect([name, codesOf(answers)]).toEqual([name, Array(50).fill('done')]);
      expect([type, await countEvents(server, type, subject.userId)]).toEqual([type, 1]);
    }
  });

  test('a role that is given and deleted is either held, or gone: never a fault', async () => {
    for (const at of rounds) {
      const role = `fleeting-${at}`;
      await addRole(server, role);
      const [given, deleted] = await Promise.all([
        act(admin.client, 'assignRole', { userId: subject.userId, role }),
        act(admin.client, 'deleteRole', { name: role }),
      ]);
      expect([
        ['done', 'CONFLICT'],
        ['NOT_FOUND', 'done'],
      ]).toContainEqual([given.code ?? 'done', deleted.code ?? 'done']);
    }
  });

  test('a new user with a role that is deleted meanwhile has it, or is not made', async () => {
    for (const at of numbersTo(bySize(25, 6))) {
      const role = `passing-${at}`;
      await addRole(server, role);
      const [made, deleted] = await Promise.all([
        act(admin.client, 'createUser', { email: `passing-${at}@example.com`, roles: [role] }),
        act(admin.client, 'deleteRole', { name: role }),
      ]);
      expect([
        ['done', 'CONFLICT'],
        ['NOT_FOUND', 'done'],
      ]).toContainEqual([made.code ?? 'done', deleted.code ?? 'done']);
    }
  });

  test('two who act on each other both come to an end, without a deadlock that PostgreSQL had to untie', async () => {
    const other = await server.person(`other-${round}@example.com`, 'admin');
    const deadlocks = async () =>
      Number(
        (await server.database.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'))[0]
          .deadlocks,
      );
    const before = await deadlocks();
    for (const _ of rounds) {
      const answers = await Promise.all([
        act(admin.client, 'revokeUserSessions', { userId: subject.userId }),
        act(admin.client, 'assignRole', { userId: other.userId, role: 'support' }),
        act(other.client, 'assignRole', { userId: admin.userId, role: 'support' }),
        act(other.client, 'unassignRole', { userId: admin.userId, role: 'support' }),
      ]);
      expect(codesOf(answers)).toEqual(Array(4).fill('done'));
    }
    expect(await deadlocks()).toBe(before);
  });
});

describe('no session lives on', () => {
  const live = async (userId: string) =>
    (
      await server.database.query(
        'SELECT count(*)::int AS count FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2',
        [userId, server.clock.now()],
      )
    )[0].count;

  test.each([
    ['disableUser', (id: string) => ({ id, reason: 'A race.' })],
    ['revokeUserSessions', (userId: string) => ({ userId })],
  ] as const)('of refreshes that race %s, each', async (name, inputFor) => {
    const admin = await server.person(`ends-${name}@example.com`, 'admin');
    const email = `ended-${name}@example.com`;
    const { userId } = await server.person(email);
    for (const round of rounds) {
      const { refreshToken } = await server.logIn(email);
      const [refreshed, ended] = await Promise.all([
        server.anyone.send(REFRESH, { t: refreshToken }),
        sleep((10 * round) / ROUNDS).then(() => act(admin.client, name, inputFor(userId))),
      ]);
      expect(ended.code).toBeUndefined();
      expect([undefined, 'INVALID_TOKEN']).toContain(refreshed.code);
      expect(await live(userId)).toBe(0);
      if (name === 'disableUser') await act(admin.client, 'enableUser', { id: userId });
      const newer = refreshed.data['refresh'];
      if (!newer) continue;
      expect((await server.anyone.as(newer.accessToken).send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
      expect((await server.anyone.send(REFRESH, { t: newer.refreshToken })).code).toBe('INVALID_TOKEN');
    }
  });

  test.each([
    ['disableUser', (id: string) => ({ id, reason: 'A race.' })],
    ['revokeUserSessions', (userId: string) => ({ userId })],
  ] as const)('of logins that race %s, but those that came after it', async (name, inputFor) => {
    const admin = await server.person(`bars-${name}@example.com`, 'admin');
    const email = `barred-${name}@example.com`;
    const { userId } = await server.person(email);
    for (const round of rounds) {
      const [login] = await Promise.all([
        server.logIn(email).catch(() => undefined),
        sleep((25 * round) / ROUNDS).then(() => act(admin.client, name, inputFor(userId))),
      ]);
      if (name === 'disableUser') {
        expect(await live(userId)).toBe(0);
        await act(admin.client, 'enableUser', { id: userId });
      } else {
        // Its login was the old one, or one proved again after the sessions had ended.
        expect(await live(userId)).toBeLessThanOrEqual(login ? 1 : 0);
        await act(admin.client, name, inputFor(userId));
      }
    }
  });
});
