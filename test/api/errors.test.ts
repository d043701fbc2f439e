import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countEvents, login, register, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const ADDRESS = 'kanarienvogel@example.com';
const log = recordingLogger();

let server: TestServer;
let ada: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, ACCESS_TOKEN_SECONDS: '3600' }, undefined, log);
  await server.signUp(ADDRESS);
  ada = await server.logIn(ADDRESS);
});
afterAll(() => server.stop());

/** Runs `work` while a table cannot be found. */
async function without<T>(table: string, work: () => Promise<T>): Promise<T> {
  await server.database.query(`ALTER TABLE ${table} RENAME TO ${table}_away`);
  try {
    return await work();
  } finally {
    await server.database.query(`ALTER TABLE ${table}_away RENAME TO ${table}`);
  }
}

const INTERNAL =
  /sessions|profiles|users|relation|SELECT|UPDATE|42P01|stack|node_modules|\.ts|QueryFailed|postgres|127\.0\.0\.1/i;

describe('an error inside (v5.0.0-16.5.1)', () => {
  test('tells a code and a request id, and nothing else; its neighbours keep their answers', async () => {
    const answer = await without('sessions', () =>
      ada.client.send('{ a: serverInfo { version } me { id email } b: serverInfo { registrationOpen } }'),
    );
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ a: { version: expect.any(String) }, me: null, b: { registrationOpen: true } });
    const [error] = answer.errors;
    expect(answer.errors).toHaveLength(1);
    expect(error).toEqual({
      message: expect.any(String),
      path: ['me'],
      locations: [expect.any(Object)],
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: answer.headers.get('x-request-id') },
    });
    expect(answer.text).not.toMatch(INTERNAL);
  });

  test('stands in the log once under that id, without the values of its statement', async () => {
    const before = log.lines.length;
    const answer = await without('profiles', () => login(server.anyone, ADDRESS, PASSWORD));
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect(answer.text).not.toMatch(INTERNAL);
    const lines = log.lines.slice(before).filter(({ level }) => level === 'error');
    const ofRequest = lines.filter(({ facts }) => facts['requestId'] === answer.headers.get('x-request-id'));
    expect(ofRequest).toHaveLength(1);
    expect(JSON.stringify(ofRequest)).toContain('42P01');
    expect(JSON.stringify(log.lines)).not.toMatch(new RegExp(`${ADDRESS}|${PASSWORD}|${ada.accessToken}`, 'i'));
  });

  test('undoes what its mutation had begun: no session without its audit event', async () => {
    const count = async () =>
      (
        await server.database.query(
          'SELECT (SELECT count(*) FROM sessions)::int AS sessions, (SELECT count(*) FROM devices)::int AS devices',
        )
      )[0];
    const before = await count();
    const answer = await without('audit_unsealed', () => login(server.anyone, ADDRESS, PASSWORD));
    expect([answer.code, answer.data]).toEqual(['INTERNAL_SERVER_ERROR', { login: null }]);
    expect(await count()).toEqual(before);
    expect((await login(server.anyone, ADDRESS, PASSWORD)).code).toBeUndefined();
    expect(await count()).toEqual({ sessions: before.sessions + 1, devices: before.devices + 1 });
  });

  test('after its audit event was written takes the event back, too', async () => {
    const created = () => countEvents(server, 'session.created', ada.userId);
    const before = await created();
    const answer = await without('devices', () => login(server.anyone, ADDRESS, PASSWORD));
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect(await created()).toBe(before);
    await login(server.anyone, ADDRESS, PASSWORD);
    expect(await created()).toBe(before + 1);
  });

  test('in an audit event keeps its change from happening: a profile that nobody could prove was changed', async () => {
    const update = 'mutation { updateProfile(input: { displayName: "Changed" }) { user { profile { displayName } } } }';
    const answer = await without('audit_unsealed', () => ada.client.send(update));
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect((await ada.client.send('{ me { profile { displayName } } }')).data['me'].profile.displayName).toBeNull();
    expect((await ada.client.send(update)).data['updateProfile'].user.profile.displayName).toBe('Changed');
  });

  test('of a change that finds no row is no success without a change', async () => {
    await server.signUp('rowless@example.com');
    const { client, userId } = await server.logIn('rowless@example.com');
    await server.database.query('DELETE FROM profiles WHERE user_id = $1', [userId]);
    const answer = await client.send('mutation { updateProfile(input: { displayName: "Lost" }) { user { id } } }');
    expect([answer.code, answer.data]).toEqual(['INTERNAL_SERVER_ERROR', { updateProfile: null }]);
    expect(await countEvents(server, 'profile.updated', userId)).toBe(0);
  });

  test('of a sealed value that was changed is an error, never a blank', async () => {
    await server.database.query(
      `UPDATE profiles SET display_name = set_byte(display_name, 20, get_byte(display_name, 20) # 1) WHERE user_id = $1`,
      [ada.userId],
    );
    const answer = await ada.client.send('{ me { id profile { displayName locale } } }');
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect(answer.errors[0]?.path).toEqual(['me', 'profile', 'displayName']);
    expect(answer.data['me']).toEqual({ id: ada.userId, profile: { displayName: null, locale: null } });
    await until('the trail tells of it', async () => (await countEvents(server, 'seal.broken', ada.userId)) === 1);
    const [event] = await server.database.query(
      `SELECT details, actor_id FROM audit_events WHERE type = 'seal.broken'`,
    );
    expect(event).toEqual({ details: { table: 'profiles', column: 'display_name' }, actor_id: ada.userId });
  });

  test('of a sealed value that was moved from another person is one, too (v5.0.0-11.3.3)', async () => {
    await server.signUp('other@example.com', PASSWORD, { bio: 'a secret of the other' });
    const other = await server.logIn('other@example.com');
    await server.database.query(
      'UPDATE profiles SET bio = (SELECT bio FROM profiles WHERE user_id = $1) WHERE user_id = $2',
      [other.userId, ada.userId],
    );
    const answer = await ada.client.send('{ me { profile { bio } } }');
    expect([answer.code, answer.text.includes('a secret')]).toEqual(['INTERNAL_SERVER_ERROR', false]);
    expect((await other.client.send('{ me { profile { bio } } }')).data['me'].profile.bio).toBe(
      'a secret of the other',
    );
  });

  test('of the password of another person moved into one’s row opens nothing', async () => {
    await server.signUp('victim@example.com', 'the victim wrote these words');
    const victim = await server.logIn('victim@example.com', 'the victim wrote these words');
    await server.database.query(
      `UPDATE users SET password_hash = o.password_hash, pepper_id = o.pepper_id FROM users o
       WHERE users.id = $1 AND o.id = (SELECT user_id FROM sessions WHERE id = $2)`,
      [victim.userId, ada.sessionId],
    );
    const answer = await login(server.anyone, 'victim@example.com', PASSWORD);
    expect(['INTERNAL_SERVER_ERROR', 'INVALID_CREDENTIALS']).toContain(answer.code);
    expect(answer.data).toEqual({ login: null });
  });
});

describe('an error of any kind', () => {
  test('has no-store, the JSON type and its request id in the header, as an answer has', async () => {
    for (const answer of [
      await server.anyone.send('{ me { id } }'),
      await server.anyone.send('mutation { revokeOtherSessions { revokedCount } }'),
      await server.anyone.send('{ nonsense }'),
      await server.anyone.post('{'),
      await register(server.anyone, 'no address', 'weak'),
    ]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('content-type')).toMatch(/^application\/(?:graphql-response\+)?json; charset=utf-8$/);
      expect(answer.headers.get('x-request-id')).toMatch(/^\S{8,}$/);
      for (const { extensions } of answer.errors) expect(extensions.requestId).toBe(answer.headers.get('x-request-id'));
    }
  });
});
