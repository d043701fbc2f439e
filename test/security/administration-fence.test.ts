import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storedOf, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { ACT_NAMES, type ActName, act, addRole } from '../support/administration-acts.ts';
import type { Answer } from '../support/client.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

describe('an act of administration that began before a change waits for it', () => {
  let admin: LoggedInClient;
  let subject: LoggedInClient;
  let round = 0;

  /** The administrator with the role, ACTIVE and freshly logged in, whatever a test took from them. */
  async function reinstated(): Promise<LoggedInClient> {
    if (round === 1) return server.person('admin@example.com', 'admin');
    await server.database.query(`UPDATE users SET status = 'ACTIVE', version = version + 1 WHERE id = $1`, [
      admin.userId,
    ]);
    await server.database.query(
      `INSERT INTO user_roles SELECT $1, id, now() FROM roles WHERE name = 'admin' ON CONFLICT DO NOTHING`,
      [admin.userId],
    );
    return server.logIn('admin@example.com');
  }

  beforeEach(async () => {
    round += 1;
    admin = await reinstated();
    subject = await server.person(`subject-${round}@example.com`);
    await addRole(server, `role-${round}`);
    await addRole(server, `held-${round}`);
    await server.database.query('INSERT INTO user_roles SELECT $1, id, now() FROM roles WHERE name = $2', [
      subject.userId,
      `held-${round}`,
    ]);
  });

  const inputs = (): Readonly<Record<ActName, object>> => ({
    createUser: { email: `made-${round}@example.com` },
    disableUser: { id: subject.userId, reason: 'A race.' },
    enableUser: { id: subject.userId },
    eraseUser: { id: subject.userId, reason: 'A race.' },
    revokeUserSessions: { userId: subject.userId },
    createRole: { name: `new-${round}`, description: 'For a test.', permissions: [] },
    updateRole: { name: `role-${round}`, description: 'Other.' },
    deleteRole: { name: `role-${round}` },
    assignRole: { userId: subject.userId, role: `role-${round}` },
    unassignRole: { userId: subject.userId, role: `held-${round}` },
  });

  /** Makes the changes and keeps them back until `request` waits for them; then lets them happen. */
  async function behind(changes: readonly string[], id: string, request: () => Promise<Answer>): Promise<Answer> {
    const runner = server.database.createQueryRunner();
    await runner.startTransaction();
    for (const change of changes) await runner.query(change, change.includes('$1') ? [id] : []);
    const answer = request();
    await until('the request waits', async () => {
      const waiting = await runner.query(
        'SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid',
      );
      return waiting.length > 0;
    });
    await runner.commitTransaction();
    await runner.release();
    return answer;
  }

  const state = async () =>
    JSON.stringify([
      await storedOf(server, subject.userId),
      await server.database.query('SELECT r::text AS row FROM roles r ORDER BY id'),
      await server.database.query('SELECT count(*) FROM users'),
    ]);

  const CHANGES: readonly (readonly [
    what: string,
    changes: readonly string[],
    of: 'user' | 'session',
    code: string,
  ])[] = [
    [
      'the actor is disabled',
      [`UPDATE users SET status = 'DISABLED', version = version + 1 WHERE id = $1`],
      'user',
      'UNAUTHENTICATED',
    ],
    ['the session ends', ['UPDATE sessions SET revoked_at = created_at WHERE id = $1'], 'session', 'UNAUTHENTICATED'],
    [
      'the role is taken away',
      [`SELECT 1 FROM roles WHERE name = 'admin' FOR UPDATE`, 'DELETE FROM user_roles WHERE user_id = $1'],
      'user',
      'FORBIDDEN',
    ],
    [
      'the login is no longer recent',
      [`UPDATE sessions SET authenticated_at = authenticated_at - interval '601 seconds' WHERE id = $1`],
      'session',
      'REAUTHENTICATION_REQUIRED',
    ],
    [
      'the session steps up',
      ['UPDATE sessions SET auth_generation = auth_generation + 1 WHERE id = $1'],
      'session',
      'TOKEN_EXPIRED',
    ],
  ];

  test.each(ACT_NAMES.flatMap((name) => CHANGES.map(([what, ...change]) => [name, what, ...change] as const)))(
    '%s, while %s: changes nothing',
    async (name, _, changes, of, code) => {
      const before = await state();
      const id = of === 'user' ? admin.userId : admin.sessionId;
      const answer = await behind(changes, id, () => act(admin.client, name, inputs()[name]));
      expect([answer.code, answer.data[name]]).toEqual([code, null]);
      expect(await state()).toBe(before);
    },
  );

  test.each(ACT_NAMES)('%s is done where nothing of the kind happens', async (name) => {
    if (name === 'enableUser') await act(admin.client, 'disableUser', { id: subject.userId, reason: 'Before.' });
    const before = await state();
    expect((await act(admin.client, name, inputs()[name])).code).toBeUndefined();
    expect(await state()).not.toBe(before);
  });

  test('a role that gains a permission meanwhile is not given by who lacks it', async () => {
    await addRole(server, `giver-${round}`, 'ROLES_WRITE');
    const giver = await server.person(`giver-${round}@example.com`, `giver-${round}`);
    const answer = await behind(
      [
        `SELECT 1 FROM roles WHERE name = 'admin' FOR UPDATE`,
        `UPDATE roles SET permissions = '{AUDIT_READ}' WHERE name = 'role-${round}'`,
      ],
      '',
      () => act(giver.client, 'assignRole', { userId: subject.userId, role: `role-${round}` }),
    );
    expect(answer.code).toBe('FORBIDDEN');
  });

  test('nobody is disabled who is just given more than the actor holds', async () => {
    await addRole(server, `weak-${round}`, 'USERS_WRITE');
    const weak = await server.person(`weak-${round}@example.com`, `weak-${round}`);
    const answer = await behind(
      [
        `SELECT 1 FROM roles WHERE name = 'admin' FOR SHARE`,
        'SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE',
        `INSERT INTO user_roles SELECT $1, id, now() FROM roles WHERE name = 'auditor'`,
      ],
      subject.userId,
      () => act(weak.client, 'disableUser', { id: subject.userId, reason: 'A race.' }),
    );
    expect(answer.code).toBe('FORBIDDEN');
  });
});
