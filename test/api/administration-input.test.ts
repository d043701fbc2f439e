import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storedOf, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { type ActName, act, addRole } from '../support/administration-acts.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let admin: LoggedInClient;
let plain: LoggedInClient;

beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await addRole(server, 'reader', 'USERS_READ');
  admin = await server.person('admin@example.com', 'admin');
});
afterAll(() => server.stop());

let people = 0;
beforeEach(async () => {
  people += 1;
  plain = await server.person(`plain-${people}@example.com`, 'reader');
});

const rolesNow = async () =>
  JSON.stringify(await server.database.query('SELECT r::text AS row FROM roles r ORDER BY id'));
const countUsers = async () =>
  (await server.database.query('SELECT count(*)::int AS count FROM users'))[0].count as number;

describe('bad input to acts of administration', () => {
  const UNKNOWN = '0190aaaa-0000-7000-8000-00000000000a';
  const WRONG: readonly (readonly [what: string, name: ActName, input: () => object, code: string])[] = [
    ['an unknown user', 'disableUser', () => ({ id: UNKNOWN, reason: 'x' }), 'NOT_FOUND'],
    ['what is no id', 'disableUser', () => ({ id: "' OR 1=1 --", reason: 'x' }), 'NOT_FOUND'],
    ['an unknown user', 'eraseUser', () => ({ id: UNKNOWN, reason: 'x' }), 'NOT_FOUND'],
    ['oneself', 'eraseUser', () => ({ id: admin.userId, reason: 'x' }), 'CONFLICT'],
    ['an empty id', 'enableUser', () => ({ id: '' }), 'NOT_FOUND'],
    ['an id with U+0000', 'revokeUserSessions', () => ({ userId: '\0' }), 'BAD_USER_INPUT'],
    ['a blank reason', 'disableUser', () => ({ id: plain.userId, reason: ' ' }), 'BAD_USER_INPUT'],
    ['a reason too long', 'disableUser', () => ({ id: plain.userId, reason: 'x'.repeat(501) }), 'BAD_USER_INPUT'],
    ['an unknown role', 'assignRole', () => ({ userId: plain.userId, role: 'king' }), 'NOT_FOUND'],
    ['another case of a role', 'assignRole', () => ({ userId: plain.userId, role: 'Admin' }), 'NOT_FOUND'],
    ['a role with U+0000', 'assignRole', () => ({ userId: plain.userId, role: 'admin\0' }), 'BAD_USER_INPUT'],
    ['an unknown role', 'unassignRole', () => ({ userId: plain.userId, role: 'king' }), 'NOT_FOUND'],
    ['an unknown role', 'deleteRole', () => ({ name: 'king' }), 'NOT_FOUND'],
    ['an unknown role', 'updateRole', () => ({ name: 'king', description: 'x' }), 'NOT_FOUND'],
    ['a built-in role', 'updateRole', () => ({ name: 'admin', description: 'Mine now.' }), 'CONFLICT'],
    ['a built-in role', 'updateRole', () => ({ name: 'user', permissions: ['USERS_READ'] }), 'CONFLICT'],
    ['a built-in role', 'deleteRole', () => ({ name: 'auditor' }), 'CONFLICT'],
    ['a role in use', 'deleteRole', () => ({ name: 'reader' }), 'CONFLICT'],
    ['a name that is taken', 'createRole', () => role('reader'), 'CONFLICT'],
    ['a name of capitals', 'createRole', () => role('King'), 'BAD_USER_INPUT'],
    ['a name that looks like admin', 'createRole', () => role('аdmin'), 'BAD_USER_INPUT'],
    ['a name too long', 'createRole', () => role('k'.repeat(51)), 'BAD_USER_INPUT'],
    ['an empty name', 'createRole', () => role(''), 'BAD_USER_INPUT'],
    ['a name with a line break', 'createRole', () => role('king\n'), 'BAD_USER_INPUT'],
    ['an unknown permission', 'createRole', () => ({ ...role('king'), permissions: ['ALL'] }), 'BAD_USER_INPUT'],
    [
      'too many',
      'createRole',
      () => ({ ...role('king'), permissions: Array(51).fill('USERS_READ') }),
      'BAD_USER_INPUT',
    ],
    ['an unknown role', 'createUser', () => ({ email: 'no@example.com', roles: ['king'] }), 'NOT_FOUND'],
    ['an address that is taken', 'createUser', () => ({ email: 'ADMIN@example.com' }), 'CONFLICT'],
    ['no address', 'createUser', () => ({ email: 'nobody' }), 'BAD_USER_INPUT'],
  ];
  const role = (name: string) => ({ name, description: 'For a test.', permissions: [] });

  test.each(WRONG)('%s, to %s: nothing changes', async (_, name, input, code) => {
    const state = async () => [await rolesNow(), await countUsers(), await storedOf(server, plain.userId)];
    const before = await state();
    const answer = await act(admin.client, name, input());
    expect([answer.code, answer.data?.[name] ?? null]).toEqual([code, null]);
    expect(await state()).toEqual(before);
  });

  test('a permission twice is a permission once, in the order of the closed list', async () => {
    const made = await act(admin.client, 'createRole', {
      ...role(`twice-${people}`),
      permissions: ['AUDIT_READ', 'USERS_READ', 'AUDIT_READ'],
    });
    expect(made.data['createRole'].role.permissions).toEqual(['USERS_READ', 'AUDIT_READ']);
  });

  test('acts on somebody erased are refused, and leave them erased', async () => {
    await act(admin.client, 'unassignRole', { userId: plain.userId, role: 'reader' });
    const erased = await plain.client.send(
      `mutation { eraseMe(input: { confirmEmail: "plain-${people}@example.com" }) { erased } }`,
    );
    expect(erased.data['eraseMe']).toEqual({ erased: true });
    const before = await storedOf(server, plain.userId);
    for (const [name, input] of [
      ['enableUser', { id: plain.userId }],
      ['disableUser', { id: plain.userId, reason: 'x' }],
      ['assignRole', { userId: plain.userId, role: 'reader' }],
      ['revokeUserSessions', { userId: plain.userId }],
      ['eraseUser', { id: plain.userId, reason: 'x' }],
    ] as const) {
      expect([name, (await act(admin.client, name, input)).code]).toEqual([name, 'CONFLICT']);
    }
    expect(await storedOf(server, plain.userId)).toBe(before);
  });
});
