import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { countEvents, idOfNewUser, register, settled, storedOf, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { type ActName, act, addRole, administrators } from '../support/administration-acts.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
/** Holds everything. */
let admin: LoggedInClient;
/** May do every act of administration, and may not read the trail. */
let clerk: LoggedInClient;
/** May read the trail, which is more than the clerk may. */
let auditor: LoggedInClient;
/** Holds nothing. */
let plain: LoggedInClient;

beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await addRole(server, 'clerk', 'USERS_READ', 'USERS_WRITE', 'USERS_ERASE', 'ROLES_WRITE', 'SESSIONS_REVOKE');
  await addRole(server, 'reader', 'USERS_READ');
  await addRole(server, 'keeper', 'AUDIT_READ');
  await addRole(server, 'everything', ...(await permissionsOfAdmin()));
  admin = await server.person('admin@example.com', 'admin');
  clerk = await server.person('clerk@example.com', 'clerk');
});
afterAll(() => server.stop());

let people = 0;
beforeEach(async () => {
  people += 1;
  auditor = await server.person(`auditor-${people}@example.com`, 'keeper', 'reader');
  plain = await server.person(`plain-${people}@example.com`, 'reader');
});

const permissionsOfAdmin = async () =>
  (await server.database.query(`SELECT permissions FROM roles WHERE name = 'admin'`))[0].permissions;
const rolesNow = async () =>
  JSON.stringify(await server.database.query('SELECT r::text AS row FROM roles r ORDER BY id'));
const countUsers = async () =>
  (await server.database.query('SELECT count(*)::int AS count FROM users'))[0].count as number;

/** Each act on a person, as an input for whom it is done to. */
const ON_PEOPLE: Readonly<Partial<Record<ActName, (id: string) => object>>> = {
  disableUser: (id) => ({ id, reason: 'A test.' }),
  enableUser: (id) => ({ id }),
  eraseUser: (id) => ({ id, reason: 'A test.' }),
  revokeUserSessions: (userId) => ({ userId }),
  unassignRole: (userId) => ({ userId, role: 'reader' }),
};

describe('nobody acts on a person who holds more', () => {
  test.each(Object.entries(ON_PEOPLE))('%s: FORBIDDEN, and nothing changes', async (name, inputFor) => {
    if (name === 'enableUser') await act(admin.client, 'disableUser', { id: auditor.userId, reason: 'Before.' });
    const before = await storedOf(server, auditor.userId);
    const answer = await act(clerk.client, name as ActName, inputFor(auditor.userId));
    expect([answer.code, answer.data[name]]).toEqual(['FORBIDDEN', null]);
    expect(await storedOf(server, auditor.userId)).toBe(before);
  });

  test.each(Object.entries(ON_PEOPLE))('%s: done to who holds no more', async (name, inputFor) => {
    if (name === 'enableUser') await act(admin.client, 'disableUser', { id: plain.userId, reason: 'Before.' });
    const before = await storedOf(server, plain.userId);
    const answer = await act(clerk.client, name as ActName, inputFor(plain.userId));
    expect([answer.code, answer.data[name]?.user.id]).toEqual([undefined, plain.userId]);
    expect(await storedOf(server, plain.userId)).not.toBe(before);
  });

  test.each(Object.entries(ON_PEOPLE))('%s: done by who holds all that they hold', async (name, inputFor) => {
    if (name === 'enableUser') await act(admin.client, 'disableUser', { id: auditor.userId, reason: 'Before.' });
    expect((await act(admin.client, name as ActName, inputFor(auditor.userId))).code).toBeUndefined();
  });

  test('also not by taking a permission away from a role that they hold', async () => {
    const role = `shared-${people}`;
    await addRole(server, role, 'USERS_READ', 'ROLES_WRITE');
    await act(admin.client, 'assignRole', { userId: auditor.userId, role });
    const before = await rolesNow();
    const answer = await act(clerk.client, 'updateRole', { name: role, permissions: ['USERS_READ'] });
    expect(answer.code).toBe('FORBIDDEN');
    expect(await rolesNow()).toBe(before);
    expect((await act(admin.client, 'updateRole', { name: role, permissions: ['USERS_READ'] })).code).toBeUndefined();
  });

  test('and a role whose holders hold no more may lose a permission', async () => {
    const role = `lesser-${people}`;
    await addRole(server, role, 'USERS_READ', 'ROLES_WRITE');
    await act(admin.client, 'assignRole', { userId: plain.userId, role });
    expect((await act(clerk.client, 'updateRole', { name: role, permissions: [] })).code).toBeUndefined();
  });

  test('also not by making an account in the place of their registration', async () => {
    const email = `promised-${people}@example.com`;
    const id = await idOfNewUser(server, () => register(server.anyone, email, PASSWORD));
    await act(admin.client, 'assignRole', { userId: id, role: 'keeper' });
    const before = await storedOf(server, id);
    expect((await act(clerk.client, 'createUser', { email })).code).toBe('FORBIDDEN');
    expect(await storedOf(server, id)).toBe(before);
    expect((await act(admin.client, 'createUser', { email })).data['createUser'].user.roles).toEqual([
      { name: 'user' },
    ]);
    expect(await countEvents(server, 'registration.replaced', id)).toBe(1);
  });
});

describe('nobody gives what they do not hold', () => {
  const GIFTS: readonly (readonly [what: string, name: ActName, input: () => object])[] = [
    ['a role of more, to another', 'assignRole', () => ({ userId: plain.userId, role: 'keeper' })],
    ['a role of more, to oneself', 'assignRole', () => ({ userId: clerk.userId, role: 'keeper' })],
    ['the role admin', 'assignRole', () => ({ userId: clerk.userId, role: 'admin' })],
    ['a new role with more', 'createRole', () => ({ name: 'mine', description: 'Mine.', permissions: ['AUDIT_READ'] })],
    [
      'more to the role that one holds',
      'updateRole',
      () => ({ name: 'clerk', permissions: ['USERS_WRITE', 'ROLES_WRITE', 'AUDIT_READ'] }),
    ],
    ['a new user with a role of more', 'createUser', () => ({ email: 'gift@example.com', roles: ['keeper'] })],
    ['a new user with one of several', 'createUser', () => ({ email: 'gift@example.com', roles: ['reader', 'admin'] })],
  ];

  test.each(GIFTS)('%s: FORBIDDEN, and nothing changes', async (_, name, input) => {
    const before = [await rolesNow(), await countUsers(), await storedOf(server, clerk.userId)];
    const answer = await act(clerk.client, name, input());
    expect([answer.code, answer.data[name]]).toEqual(['FORBIDDEN', null]);
    expect([await rolesNow(), await countUsers(), await storedOf(server, clerk.userId)]).toEqual(before);
  });

  test('a refused one is in the trail, as a denial of that person', async () => {
    const denials = async () =>
      (
        await server.database.query(
          `SELECT count(*)::int AS count FROM audit_events WHERE type = 'access.denied' AND actor_id = $1
             AND details->>'field' = 'assignRole' AND details->>'code' = 'FORBIDDEN'`,
          [clerk.userId],
        )
      )[0].count;
    const before = await denials();
    await act(clerk.client, 'assignRole', { userId: plain.userId, role: 'keeper' });
    await server.anyone.send('{ serverInfo { version } }');
    for (let wait = 0; wait < 200 && (await denials()) === before; wait += 1) await settled(server);
    expect(await denials()).toBe(before + 1);
  });

  test('what one holds may be given: by assigning, in a new role, in a role, with a new user', async () => {
    const name = `given-${people}`;
    const email = `given-${people}@example.com`;
    const made = await act(clerk.client, 'createRole', { name, description: 'Given.', permissions: ['USERS_READ'] });
    expect(made.code).toBeUndefined();
    expect((await act(clerk.client, 'updateRole', { name, permissions: ['USERS_WRITE'] })).code).toBeUndefined();
    expect((await act(clerk.client, 'assignRole', { userId: plain.userId, role: name })).code).toBeUndefined();
    expect((await act(clerk.client, 'createUser', { email, roles: [name] })).code).toBeUndefined();
  });
});

describe('the last administrator', () => {
  /** All others who hold the role stop being ACTIVE, or never were. */
  beforeEach(async () => {
    await server.database.query(
      `UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id <> $1 AND id IN (
         SELECT user_id FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE r.name = 'admin')`,
      [admin.userId],
    );
    expect(await administrators(server)).toEqual([admin.userId]);
  });

  test.each([
    ['themselves', async () => admin],
    ['another who holds as much by another role', () => server.person(`all-${people}@example.com`, 'everything')],
  ])('is neither disabled, erased nor without the role by %s: CONFLICT, and nothing changes', async (_, getActor) => {
    const actor = await getActor();
    const before = await storedOf(server, admin.userId);
    for (const [name, input] of [
      ['disableUser', { id: admin.userId, reason: 'A test.' }],
      ['eraseUser', { id: admin.userId, reason: 'A test.' }],
      ['unassignRole', { userId: admin.userId, role: 'admin' }],
    ] as const) {
      const answer = await act(actor.client, name, input);
      expect([answer.code, answer.data[name]]).toEqual(['CONFLICT', null]);
    }
    expect(await storedOf(server, admin.userId)).toBe(before);
    expect((await admin.client.send('{ me { id } }')).data['me']).toEqual({ id: admin.userId });
  });

  test('is the last beside one who is PENDING or DISABLED', async () => {
    const email = `later-${people}@example.com`;
    const invited = await act(admin.client, 'createUser', { email, roles: ['admin'] });
    expect(invited.data['createUser'].user.status).toBe('PENDING');
    const { userId } = await server.person(`gone-${people}@example.com`, 'admin');
    expect((await act(admin.client, 'disableUser', { id: userId, reason: 'A test.' })).code).toBeUndefined();
    const answer = await act(admin.client, 'unassignRole', { userId: admin.userId, role: 'admin' });
    expect(answer.code).toBe('CONFLICT');
    // Of who is not ACTIVE it may be taken.
    expect((await act(admin.client, 'unassignRole', { userId, role: 'admin' })).code).toBeUndefined();
  });

  test('with another one beside them may give the role back, and can do nothing more', async () => {
    const second = await server.person(`second-${people}@example.com`, 'admin');
    const left = await act(second.client, 'unassignRole', { userId: second.userId, role: 'admin' });
    expect(left.data['unassignRole'].user.permissions).toEqual([]);
    expect((await act(second.client, 'assignRole', { userId: second.userId, role: 'admin' })).code).toBe('FORBIDDEN');
    expect(await administrators(server)).toEqual([admin.userId]);
  });

  test('keeps the role through several acts in one operation', async () => {
    const second = await server.person(`several-${people}@example.com`, 'admin');
    const take = (alias: string, id: string) =>
      `${alias}: unassignRole(input: { userId: "${id}", role: "admin" }) { user { id } }`;
    const answer = await second.client.send(
      `mutation { ${take('a', admin.userId)} ${take('b', second.userId)} ${take('c', second.userId)} }`,
    );
    expect(answer.data['a']).not.toBeNull();
    expect([answer.data['b'], answer.data['c']]).toEqual([null, null]);
    expect(await administrators(server)).toEqual([second.userId]);
    const back = await act(second.client, 'assignRole', { userId: admin.userId, role: 'admin' });
    expect(back.code).toBeUndefined();
  });
});

describe('what an act leaves behind', () => {
  test('disabling: no session, no device token, no mailed token, and enabling brings none of them back', async () => {
    const email = `plain-${people}@example.com`;
    await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
    await settled(server);
    const reset = await server.mails.token(email, server.mails.to(email).length);
    const gone = await act(admin.client, 'disableUser', { id: plain.userId, reason: 'A test.' });
    expect(gone.data['disableUser'].user.status).toBe('DISABLED');
    expect((await plain.client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await act(admin.client, 'enableUser', { id: plain.userId })).data['enableUser'].user.status).toBe('ACTIVE');
    expect((await plain.client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    const refreshed = await server.anyone.send(
      'mutation M($t: String!) { refresh(input: { refreshToken: $t }) { accessToken } }',
      { t: plain.refreshToken },
    );
    expect(refreshed.code).toBe('INVALID_TOKEN');
    const used = await server.anyone.send(
      'mutation M($t: String!) { resetPassword(input: { token: $t, newPassword: "entirely other words here" }) { reset } }',
      { t: reset },
    );
    expect(used.code).toBe('INVALID_TOKEN');
    const [{ live }] = await server.database.query(
      'SELECT count(*)::int AS live FROM devices WHERE user_id = $1 AND ended_at IS NULL',
      [plain.userId],
    );
    expect(live).toBe(0);
    expect((await server.logIn(email)).userId).toBe(plain.userId);
  });

  test('of a role its name in the trail, after it is gone too', async () => {
    const name = `named-${people}`;
    const made = await act(admin.client, 'createRole', { name, description: 'For a test.', permissions: [] });
    await act(admin.client, 'updateRole', { name, permissions: ['USERS_READ'] });
    await act(admin.client, 'deleteRole', { name });
    const events = await server.database.query(
      'SELECT type, details FROM audit_events WHERE subject_id = $1 ORDER BY type',
      [made.data['createRole'].role.id],
    );
    expect(events).toEqual([
      { type: 'role.created', details: { name, permissions: [] } },
      { type: 'role.deleted', details: { name, permissions: ['USERS_READ'] } },
      { type: 'role.updated', details: { name, before: [], after: ['USERS_READ'] } },
    ]);
  });

  test('one event each, and none where nothing changed', async () => {
    const twice = async (name: ActName, input: object) => {
      expect((await act(admin.client, name, input)).code).toBeUndefined();
      expect((await act(admin.client, name, input)).code).toBeUndefined();
    };
    const id = plain.userId;
    await twice('assignRole', { userId: id, role: 'keeper' });
    await twice('unassignRole', { userId: id, role: 'keeper' });
    await twice('disableUser', { id, reason: 'A test.' });
    await twice('enableUser', { id });
    for (const type of ['role.assigned', 'role.unassigned', 'user.disabled', 'user.enabled']) {
      expect([type, await countEvents(server, type, id)]).toEqual([type, 1]);
    }
  });
});
