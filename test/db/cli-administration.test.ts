import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { countEvents, settled, storedOf, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { act, addRole, administrators } from '../support/administration-acts.ts';
import { ManualClock } from '../support/clock.ts';
import { cloneDatabase } from '../support/database.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal } from '../support/terminal.ts';

let server: TestServer;
let env: Readonly<Record<string, string>>;
let dataDir: string;
let drop: () => Promise<void>;
let admin: LoggedInClient;
let person: LoggedInClient;
let email: string;

beforeAll(async () => {
  const database = await cloneDatabase();
  drop = database.drop;
  dataDir = mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'cli-'));
  const [serverUrl, ownerUrl] = [database.serverUrl.reveal(), database.ownerUrl.reveal()];
  server = await startTestServer(WITHOUT_LIMITS, {
    serverUrl,
    ownerUrl,
    dataDir,
    publicUrl: 'http://localhost:4000',
    clock: new ManualClock(new Date()),
  });
  env = {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DATABASE_URL: serverUrl,
    MIGRATION_DATABASE_URL: ownerUrl,
    LOG_LEVEL: 'error',
  };
  admin = await server.person('admin@example.com', 'admin');
});
afterAll(async () => {
  await server.stop();
  await drop();
  rmSync(dataDir, { recursive: true });
});

let people = 0;
beforeEach(async () => {
  people += 1;
  email = `person-${people}@example.com`;
  person = await server.person(email);
});

const gatehouse = (...words: string[]) => runInTerminal(words, env);
const me = async ({ client }: LoggedInClient) => client.send('{ me { status permissions roles { name } } }');
const told = (out: string) => ({ code: 0, out: `${out}\n`, err: '' });

describe('roles list', () => {
  test('prints each role with what it allows', async () => {
    await addRole(server, 'editor', 'USERS_READ', 'USERS_WRITE');
    const { code, out, err } = await gatehouse('roles', 'list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('editor\n  For a test.\n  USERS_READ USERS_WRITE\n');
    expect(out).toMatch(/^admin \(built in\)\n {2}.+\n {2}(?:[A-Z_]+ ?){8}\n/);
    expect(out).toMatch(/^user \(built in\)\n {2}.+\n {2}no permissions$/m);
  });
});

describe('beside a running server', () => {
  test('users assign-role counts from the next request on, by address in any spelling', async () => {
    const typed = ` ${email.toUpperCase()}`;
    expect(await gatehouse('users', 'assign-role', '--user', typed, '--role', 'support')).toEqual(
      told(`${typed} has the roles support, user.`),
    );
    expect((await me(person)).data['me'].permissions).toEqual(['USERS_READ', 'SESSIONS_READ', 'SESSIONS_REVOKE']);
  });

  test('users unassign-role takes it away again, by id', async () => {
    const { userId } = person;
    await gatehouse('users', 'assign-role', '--user', userId, '--role', 'auditor');
    expect(await gatehouse('users', 'unassign-role', '--user', userId, '--role', 'auditor')).toEqual(
      told(`${userId} has the roles user.`),
    );
    expect(await gatehouse('users', 'unassign-role', '--user', userId, '--role', 'user')).toEqual(
      told(`${userId} has no role.`),
    );
    expect((await me(person)).data['me']).toMatchObject({ permissions: [], roles: [] });
  });

  test('users disable shuts a person out at once, and users enable lets them log in again', async () => {
    expect(await gatehouse('users', 'disable', '--user', email, '--reason', 'They asked for it.')).toEqual(
      told(`${email} is DISABLED.`),
    );
    expect((await me(person)).code).toBe('UNAUTHENTICATED');
    await expect(server.logIn(email)).rejects.toThrow('ACCOUNT_DISABLED');
    // What a command writes, a server sends: this one once its clock, which stands, has come to the command's.
    server.clock.advanceSeconds(120);
    await settled(server);
    expect(server.mails.to(email).at(-1)?.subject).toBe('Your account was disabled');
    expect(await gatehouse('users', 'enable', '--user', email)).toEqual(told(`${email} is ACTIVE.`));
    expect((await me(person)).code).toBe('UNAUTHENTICATED');
    expect((await me(await server.logIn(email))).data['me'].status).toBe('ACTIVE');
  });

  test('sessions revoke ends every session of a person, and nobody else’s', async () => {
    const again = await server.logIn(email);
    const { out } = await gatehouse('sessions', 'revoke', '--user', email);
    // One of its making, one to be given roles by, one more.
    expect(out).toBe(`Ended 3 sessions of ${email}.\n`);
    expect([(await me(person)).code, (await me(again)).code]).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect((await me(admin)).code).toBeUndefined();
  });

  test('each is an event by the operator, and none is where nothing changed', async () => {
    const user = ['--user', email];
    for (const words of [
      ['users', 'assign-role', ...user, '--role', 'support'],
      ['users', 'unassign-role', ...user, '--role', 'support'],
      ['users', 'disable', ...user, '--reason', 'A test.'],
      ['users', 'enable', ...user],
    ]) {
      expect((await gatehouse(...words)).code).toBe(0);
      expect((await gatehouse(...words)).code).toBe(0);
    }
    for (const type of ['role.assigned', 'role.unassigned', 'user.disabled', 'user.enabled']) {
      expect([type, await countEvents(server, type, person.userId)]).toEqual([type, 1]);
    }
    const events = await server.database.query(
      `SELECT DISTINCT actor_kind, actor_id FROM audit_events WHERE subject_id = $1 AND type LIKE 'role.%'`,
      [person.userId],
    );
    expect(events).toEqual([{ actor_kind: 'OPERATOR', actor_id: 'command-line' }]);
  });

  test('the reason of a disabling stands in no row as it was typed', async () => {
    const reason = 'Suspected of everything at once.';
    await gatehouse('users', 'disable', '--user', email, '--reason', reason);
    const [row] = await server.database.query(
      `SELECT e::text AS text, e.subject_data FROM audit_events e WHERE type = 'user.disabled' AND subject_id = $1`,
      [person.userId],
    );
    expect(row.text).not.toContain(Buffer.from(reason).toString('hex'));
    expect(row.text).not.toContain(reason);
    expect(row.subject_data.length).toBeGreaterThan(reason.length);
  });
});

describe('the last administrator', () => {
  test.each([
    ['users disable', ['--reason', 'A test.']],
    ['users unassign-role', ['--role', 'admin']],
  ])('is left by %s, with exit code 1 and the reason', async (name, options) => {
    const before = await storedOf(server, admin.userId);
    const outcome = await gatehouse(...name.split(' '), '--user', 'admin@example.com', ...options);
    expect(outcome).toEqual({
      code: 1,
      out: '',
      err: `gatehouse ${name}: This is the last administrator: make another one first.\n`,
    });
    expect(await storedOf(server, admin.userId)).toBe(before);
  });

  test('is left by commands that race the API, each of 10 times', async () => {
    for (let round = 0; round < 10; round += 1) {
      await gatehouse('users', 'assign-role', '--user', email, '--role', 'admin');
      await Promise.all([
        gatehouse('users', 'unassign-role', '--user', email, '--role', 'admin'),
        act(person.client, 'unassignRole', { userId: admin.userId, role: 'admin' }),
        act(admin.client, 'unassignRole', { userId: admin.userId, role: 'admin' }),
      ]);
      expect(await administrators(server)).toHaveLength(1);
      await gatehouse('users', 'assign-role', '--user', admin.userId, '--role', 'admin');
    }
    await gatehouse('users', 'unassign-role', '--user', email, '--role', 'admin');
    expect(await administrators(server)).toEqual([admin.userId]);
  });
});

describe('refused, and nothing changes:', () => {
  const WRONG: readonly (readonly [words: string, code: 1 | 2, reason: string])[] = [
    ['users assign-role --role admin', 2, '--user is missing'],
    ['users assign-role --user USER', 2, '--role is missing'],
    ['users assign-role --user USER --role king', 1, 'no role of this name'],
    ['users assign-role --user USER --role admin --force', 2, '--force'],
    ['users assign-role --user nobody@example.com --role admin', 1, 'There is no user'],
    ['users assign-role --user 0190aaaa-0000-7000-8000-00000000000a --role admin', 1, 'There is no user'],
    ['users assign-role --user nobody --role admin', 1, 'There is no user'],
    ['users unassign-role --user USER --role king', 1, 'no role of this name'],
    ['users disable --user USER', 2, '--reason is missing'],
    [`users disable --user USER --reason ${'x'.repeat(501)}`, 2, 'at most 500'],
    ['users disable --reason x', 2, '--user is missing'],
    ['users enable', 2, '--user is missing'],
    ['users enable --user nobody@example.com', 1, 'There is no user'],
    ['sessions revoke', 2, 'Say --user WHO or --all'],
    ['sessions revoke --user nobody@example.com', 1, 'There is no user'],
    ['roles list --all', 2, '--all'],
  ];

  test.each(WRONG)('%s', async (words, code, reason) => {
    const before = await storedOf(server, person.userId);
    const outcome = await gatehouse(...words.split(' ').map((word) => (word === 'USER' ? email : word)));
    expect([outcome.code, outcome.out]).toEqual([code, '']);
    expect(outcome.err).toContain(reason);
    expect(await storedOf(server, person.userId)).toBe(before);
  });

  test('what was erased', async () => {
    await act(admin.client, 'disableUser', { id: person.userId, reason: 'A test.' });
    await admin.client.send(
      `mutation { eraseUser(input: { id: "${person.userId}", reason: "A test." }) { user { id } } }`,
    );
    const byId = await gatehouse('users', 'enable', '--user', person.userId);
    expect([byId.code, byId.err]).toEqual([1, 'gatehouse users enable: This person was erased.\n']);
    expect((await gatehouse('users', 'enable', '--user', email)).err).toContain('There is no user');
  });
});
