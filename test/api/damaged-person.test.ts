import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { damage } from '../support/account-acts.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

let server: TestServer;
let root: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_REGISTER_BY_CLIENT: 'off' });
  root = await server.person('root@example.com', 'admin');
});
afterAll(() => server.stop());

const act = (name: string, input: object) =>
  root.client.send(
    `mutation($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
    ${name}(input: $input) { user { id status } } }`,
    { input },
  );
const eventsOf = (type: string, userId: string) =>
  server.database.query(
    'SELECT actor_kind AS actor, subject_key_kind AS "subjectKey" FROM audit_events WHERE type = $1 AND subject_id = $2',
    [type, userId],
  );
const statusOf = async (userId: string) =>
  (await server.database.query('SELECT status FROM users WHERE id = $1', [userId]))[0].status;

let people = 0;
let ada: LoggedInClient;
beforeEach(async () => {
  people += 1;
  ada = await server.person(`ada${people}@example.com`);
});

describe.each([
  ['data key', 'data_keys', 'wrapped'],
  ['address', 'users', 'email'],
])('a person whose %s does not open', (_, table, column) => {
  beforeEach(() => damage(server, table, column, ada.userId));

  test('logs out', async () => {
    const { code, data } = await ada.client.send('mutation { logout { loggedOut } }');
    expect([code, data]).toEqual([undefined, { logout: { loggedOut: true } }]);
    expect(await eventsOf('session.ended', ada.userId)).toMatchObject([{ actor: 'USER' }]);
    expect((await ada.client.send('{ me { id } }')).data).toEqual({ me: null });
  });

  test('is shut out by an administrator, whose reason is kept, and let in again', async () => {
    const mails = server.mails.to(`ada${people}@example.com`).length;
    expect((await act('disableUser', { id: ada.userId, reason: 'a lost laptop' })).code).toBeUndefined();
    expect(await statusOf(ada.userId)).toBe('DISABLED');
    expect(await eventsOf('user.disabled', ada.userId)).toEqual([{ actor: 'USER', subjectKey: 'DATA' }]);
    expect((await act('enableUser', { id: ada.userId })).code).toBeUndefined();
    expect(await statusOf(ada.userId)).toBe('ACTIVE');
    expect(server.mails.to(`ada${people}@example.com`)).toHaveLength(mails);
  });

  test('is shut out by an operator', async () => {
    const typed = ['users', 'disable', '--user', ada.userId, '--reason', 'a lost laptop'];
    const said = await runInTerminal(typed, settingsBeside(server.shared));
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(await statusOf(ada.userId)).toBe('DISABLED');
  });

  test('is erased by an administrator', async () => {
    expect((await act('eraseUser', { id: ada.userId, reason: 'asked for it' })).code).toBeUndefined();
    expect(await statusOf(ada.userId)).toBe('ERASED');
    const left = await server.database.query('SELECT 1 FROM data_keys WHERE user_id = $1', [ada.userId]);
    expect(left).toEqual([]);
  });
});
