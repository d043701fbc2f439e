import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { settled, storedOf, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const EXPORT = 'mutation { exportMyData { exportedAt data } }';
const ERASE = 'mutation($input: EraseMeInput!) { eraseMe(input: $input) { erased } }';
const PROFILE = `mutation { updateProfile(input: { displayName: "Ada L.", bio: "Counts", locale: "de-CH",
  address: { lines: ["12 St James's Square"], locality: "London" } }) { user { id } } }`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, LIMIT_EXPORT_BY_USER: '3' });
});
afterAll(() => server.stop());

const erase = (client: TestServer['anyone'], confirmEmail: string) => client.send(ERASE, { input: { confirmEmail } });
const typesOf = async (userId: string) =>
  (
    await server.database.query<{ type: string }[]>('SELECT type FROM audit_events WHERE subject_id = $1 ORDER BY id', [
      userId,
    ])
  ).map(({ type }) => type);

describe('exportMyData', () => {
  test('answers all that is stored about the person, and nothing that opens anything', async () => {
    const { client, userId, sessionId, refreshToken, deviceToken } = await server.person('ada@example.com');
    await client.send(PROFILE);
    await client.send('mutation { requestEmailChange(input: { newEmail: "ada.new@example.com" }) { accepted } }');
    await settled(server);
    const answer = await client.send(EXPORT);
    const { exportedAt, data } = answer.data['exportMyData'];
    expect(exportedAt).toBe(server.clock.now().toISOString());
    expect(data).toMatchObject({
      format: 1,
      user: { id: userId, status: 'ACTIVE', origin: 'REGISTRATION', email: 'ada@example.com', hasPassword: true },
      profile: { displayName: 'Ada L.', bio: 'Counts', locale: 'de-CH', phone: null, address: { locality: 'London' } },
      roles: [{ name: 'user' }],
      waitingMails: [],
    });
    expect(data.sessions).toContainEqual(expect.objectContaining({ id: sessionId, ip: '127.0.0.1', endedAt: null }));
    expect(data.devices.length).toBeGreaterThan(0);
    expect(data.mailedTokens).toContainEqual(
      expect.objectContaining({ purpose: 'CHANGE_EMAIL', address: 'ada.new@example.com', usedAt: null }),
    );
    const [row] = await server.database.query(
      'SELECT refresh_key, password_hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1',
      [sessionId],
    );
    for (const secret of [
      refreshToken,
      deviceToken,
      PASSWORD,
      row.refresh_key.toString('base64'),
      '$argon2',
      '[sealed]',
    ]) {
      expect(answer.text).not.toContain(secret);
    }
    expect(data.auditEvents).toContainEqual(
      expect.objectContaining({ type: 'session.created', by: 'SELF', about: 'SELF', ip: '127.0.0.1' }),
    );
    expect(data.olderAuditEvents).toBe(0);
    expect(await typesOf(userId)).toContain('personal_data.exported');
  });

  test('shows the ended sessions too, and nothing of anybody else', async () => {
    const bea = await server.person('bea@example.com');
    await bea.client.send('mutation { logout { loggedOut } }');
    const again = await server.logIn('bea@example.com');
    const answer = await again.client.send(EXPORT);
    const sessions: { id: string; endedAt: string | null }[] = answer.data['exportMyData'].data.sessions;
    expect(sessions.find(({ id }) => id === bea.sessionId)?.endedAt).not.toBeNull();
    expect(answer.text).not.toMatch(/ada@example|Ada L/);
  });

  test('shows a mail that waits for its server, without what it says', async () => {
    const { client, userId } = await server.person('cleo@example.com');
    const send = jest.spyOn(server.mails, 'send').mockRejectedValue(new Error('no server'));
    await server.anyone.send('mutation { requestPasswordReset(input: { email: "cleo@example.com" }) { accepted } }');
    await until('the mail waits', async () => {
      const rows = await server.database.query('SELECT 1 FROM mails WHERE user_id = $1', [userId]);
      return rows.length > 0;
    });
    const { waitingMails } = (await client.send(EXPORT)).data['exportMyData'].data;
    send.mockRestore();
    expect(waitingMails).toEqual([
      { to: 'cleo@example.com', subject: expect.any(String), createdAt: expect.any(String) },
    ]);
  });

  test('is refused without a recent login, and to nobody known', async () => {
    const { client, sessionId } = await server.person('dora@example.com');
    await server.database.query(
      `UPDATE sessions SET authenticated_at = authenticated_at - interval '601 seconds' WHERE id = $1`,
      [sessionId],
    );
    expect((await client.send(EXPORT)).code).toBe('REAUTHENTICATION_REQUIRED');
    expect((await server.anyone.send(EXPORT)).code).toBe('UNAUTHENTICATED');
  });

  test('is answered three times a day', async () => {
    const { client } = await server.person('eve@example.com');
    for (let n = 0; n < 3; n += 1) expect((await client.send(EXPORT)).code).toBeUndefined();
    expect((await client.send(EXPORT)).code).toBe('RATE_LIMITED');
  });

  test('leaves a value out for nobody: one that was tampered with fails the whole', async () => {
    const { client, userId } = await server.person('flo@example.com');
    await client.send(PROFILE);
    await server.database.query(
      'UPDATE profiles SET bio = set_byte(bio, 20, get_byte(bio, 20) # 1) WHERE user_id = $1',
      [userId],
    );
    const answer = await client.send(EXPORT);
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect(answer.data['exportMyData']).toBeNull();
  });
});

describe('eraseMe', () => {
  test('leaves an id, and events that no key opens any more', async () => {
    const { client, userId, refreshToken } = await server.person('gil@example.com');
    await client.send(PROFILE);
    expect((await erase(client, 'GIL@Example.com')).data['eraseMe']).toEqual({ erased: true });
    expect((await client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    const refreshed = await server.anyone.send(
      'mutation($input: RefreshInput) { refresh(input: $input) { accessToken } }',
      { input: { refreshToken } },
    );
    expect(refreshed.code).toBe('INVALID_TOKEN');
    const [user] = await server.database.query('SELECT * FROM users WHERE id = $1', [userId]);
    expect(user).toMatchObject({ status: 'ERASED', email: null, password_hash: null, last_login_at: null });
    expect(JSON.parse(await storedOf(server, userId))).toMatchObject({
      profile: null,
      indexes: null,
      keys: null,
      sessions: null,
    });
    expect(await typesOf(userId)).toContain('user.erased');
    const open = await server.database.query(
      `SELECT 1 FROM audit_events e JOIN data_keys k ON k.id IN (e.origin_key_id, e.subject_key_id)
       WHERE e.actor_id = $1 OR e.subject_id = $1`,
      [userId],
    );
    expect(open).toEqual([]);
  });

  test('says farewell once at the address it had, and frees the address', async () => {
    const { client, userId } = await server.person('hal@example.com');
    await erase(client, 'hal@example.com');
    expect((await server.mails.wait('hal@example.com', 2)).subject).toMatch(/erased/);
    const anew = await server.person('hal@example.com');
    expect(anew.userId).not.toBe(userId);
  });

  test('is refused for another address, an old login, and a holder of permissions', async () => {
    const { client, sessionId } = await server.person('ida@example.com');
    const wrong = await erase(client, 'ada@example.com');
    expect(wrong.errors[0]?.extensions.fields).toEqual([
      expect.objectContaining({ path: ['input', 'confirmEmail'], code: 'NOT_ALLOWED' }),
    ]);
    const auditor = await server.person('jo@example.com', 'auditor');
    expect((await erase(auditor.client, 'jo@example.com')).code).toBe('CONFLICT');
    await server.database.query(
      `UPDATE sessions SET authenticated_at = authenticated_at - interval '601 seconds' WHERE id = $1`,
      [sessionId],
    );
    expect((await erase(client, 'ida@example.com')).code).toBe('REAUTHENTICATION_REQUIRED');
    const rows = await server.database.query(`SELECT 1 FROM users WHERE status = 'ERASED' AND id = ANY($1)`, [
      [auditor.userId],
    ]);
    expect(rows).toEqual([]);
  });

  test('is not done by a token from before a reauthentication, though the request was let in before it', async () => {
    const { client, userId } = await server.person('lou@example.com');
    server.clock.advanceSeconds(1);
    const hold = server.database.createQueryRunner();
    await hold.startTransaction();
    await hold.query('SELECT 1 FROM users WHERE id = $1 FOR SHARE', [userId]);
    const erasing = erase(client, 'lou@example.com');
    await until('it waits for the row', async () => {
      const [row] = await server.database.query('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
      return row.n > 0;
    });
    const again = await client.send(`mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken } }`);
    expect(again.code).toBeUndefined();
    await hold.commitTransaction();
    await hold.release();
    expect((await erasing).code).toBe('TOKEN_EXPIRED');
  });

  test('leaves nothing that a write of the same person beside it brings back', async () => {
    const { client, userId } = await server.person('max@example.com');
    const write = (at: number) =>
      at % 2 === 0
        ? client.send('mutation { updateProfile(input: { bio: "Here still." }) { user { id } } }')
        : client.send(`mutation { requestEmailChange(input: { newEmail: "max${at}@example.com" }) { accepted } }`);
    const writes = Array.from({ length: 10 }, (_, at) => write(at));
    const erased = erase(client, 'max@example.com');
    const more = Array.from({ length: 10 }, (_, at) => write(at));
    expect((await erased).data['eraseMe']).toEqual({ erased: true });
    await Promise.all([...writes, ...more]);
    expect(await write(0)).toMatchObject({ code: 'UNAUTHENTICATED' });
    const left = { profile: null, indexes: null, keys: null, sessions: null };
    expect(JSON.parse(await storedOf(server, userId))).toMatchObject(left);
    const tokens = await server.database.query('SELECT 1 FROM one_time_tokens WHERE user_id = $1', [userId]);
    expect(tokens).toEqual([]);
  });

  test('happens once under 50 parallel tries, and no login gets in beside it', async () => {
    const { client, userId } = await server.person('kim@example.com');
    const logins = Array.from({ length: 10 }, () => server.logIn('kim@example.com').catch(() => undefined));
    const tries = await Promise.all(Array.from({ length: 50 }, () => erase(client, 'kim@example.com')));
    await Promise.all(logins);
    expect(tries.filter(({ data }) => data['eraseMe']?.erased)).toHaveLength(1);
    const others = new Set(tries.map(({ code }) => code).filter((code) => code !== undefined));
    expect([...others]).toEqual(['UNAUTHENTICATED']);
    expect((await typesOf(userId)).filter((type) => type === 'user.erased')).toHaveLength(1);
    expect(await server.database.query('SELECT 1 FROM sessions WHERE user_id = $1', [userId])).toEqual([]);
  });
});

describe('eraseUser', () => {
  const ERASE_USER = 'mutation($input: EraseUserInput!) { eraseUser(input: $input) { user { id status email } } }';
  const eraseUser = (client: TestServer['anyone'], id: string) =>
    client.send(ERASE_USER, { input: { id, reason: 'Request 4711' } });

  test('leaves an id and the administrator’s reason, and ends every session', async () => {
    const admin = await server.person('root@example.com', 'admin');
    const { client, userId } = await server.person('lea@example.com');
    expect((await eraseUser(admin.client, userId)).data['eraseUser']).toEqual({
      user: { id: userId, status: 'ERASED', email: null },
    });
    expect((await client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await server.mails.wait('lea@example.com', 2)).subject).toMatch(/erased/);
    const [event] = await server.database.query(
      `SELECT e.actor_id, k.user_id AS sealed_for, e.origin_key_kind FROM audit_events e
       JOIN data_keys k ON k.id = e.subject_key_id WHERE e.type = 'user.erased_by_administrator' AND e.subject_id = $1`,
      [userId],
    );
    expect(event).toEqual({ actor_id: admin.userId, sealed_for: admin.userId, origin_key_kind: 'DAY' });
    expect((await eraseUser(admin.client, userId)).code).toBe('CONFLICT');
  });

  test('is refused over who holds more, over oneself, and over nobody', async () => {
    const admin = await server.person('root2@example.com', 'admin');
    await admin.client.send(
      'mutation { createRole(input: { name: "eraser", description: "Erases.", permissions: [USERS_ERASE] }) { role { id } } }',
    );
    const eraser = await server.person('mia@example.com', 'eraser');
    expect((await eraseUser(eraser.client, admin.userId)).code).toBe('FORBIDDEN');
    expect((await eraseUser(admin.client, admin.userId)).code).toBe('CONFLICT');
    expect((await eraseUser(admin.client, 'nobody')).code).toBe('NOT_FOUND');
    const { userId } = await server.person('ned@example.com');
    expect((await eraseUser(eraser.client, userId)).code).toBeUndefined();
  });

  test('shows in nobody’s copy who did what to them, and why they were shut out they may read', async () => {
    const admin = await server.person('root3@example.com', 'admin');
    const { client, userId } = await server.person('olga@example.com');
    const disable = 'mutation($input: DisableUserInput!) { disableUser(input: $input) { user { id } } }';
    await admin.client.send(disable, { input: { id: userId, reason: 'Spam from olga' } });
    await admin.client.send(`mutation { enableUser(input: { id: "${userId}" }) { user { id } } }`);
    expect((await client.send(EXPORT)).code).toBe('UNAUTHENTICATED');
    const again = await server.logIn('olga@example.com');
    const answer = await again.client.send(EXPORT);
    expect(answer.data['exportMyData'].data.auditEvents).toContainEqual(
      expect.objectContaining({ type: 'user.disabled', by: 'USER', ip: null, personal: { reason: 'Spam from olga' } }),
    );
    expect(answer.text).not.toContain(admin.userId);
    const ofAdmin = await admin.client.send(EXPORT);
    expect(ofAdmin.text).not.toContain(userId);
    expect(ofAdmin.data['exportMyData'].data.auditEvents).toContainEqual(
      expect.objectContaining({ type: 'user.disabled', by: 'SELF', about: 'OTHER', ip: '127.0.0.1', personal: null }),
    );
  });
});
