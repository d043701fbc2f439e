import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Permission } from '../../src/access/permissions.ts';
import { loadConfig } from '../../src/config.ts';
import type { WrappedDataKey } from '../../src/crypto/data-keys.ts';
import { openFoundation } from '../../src/foundation.ts';
import { resealAll } from '../../src/keys/reseal.ts';
import type { SessionId, UserId } from '../../src/platform/ids.ts';
import { holdActor } from '../../src/users/held-actor.repository.ts';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { LoggedInClient } from '../support/server.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

const PROFILE = { displayName: 'Ada', bio: 'Counts.', phone: '+4915112345678', birthDate: '1815-12-10' };
const FIELDS = 'displayName bio phone birthDate';
const ME = `{ me { email profile { ${FIELDS} } sessions { deviceName ip } } }`;
const EVERYTHING = { email: 'ada@example.com', profile: PROFILE };

const LOGIN = `mutation { login(input: { email: "ada@example.com", password: "${PASSWORD}" }) { ... on LoggedIn { accessToken } } }`;

let server: TestServer;
let ada: LoggedInClient;
let gone: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await server.signUp('ada@example.com', undefined, PROFILE);
  ada = await server.logIn('ada@example.com');
  gone = await server.person('gone@example.com');
  await gone.client.send('mutation { eraseMe(input: { confirmEmail: "gone@example.com" }) { erased } }');
});
afterAll(() => server.stop());

const gatehouse = (typed: string) => runInTerminal(typed.split(' '), settingsBeside(server.shared));
const keysOf = (userId: string): Promise<{ id: string; retired: boolean }[]> =>
  server.database.query(
    'SELECT id, retired_at IS NOT NULL AS retired FROM data_keys WHERE user_id = $1 ORDER BY created_at',
    [userId],
  );
const exported = async () => (await ada.client.send('mutation { exportMyData { data } }')).data['exportMyData'].data;

describe('keys reseal', () => {
  test('gives each person another data key, under which all that is theirs opens, in the sessions that they have', async () => {
    const before = await ada.client.send(ME);
    expect(before.data).toMatchObject({ me: EVERYTHING });
    const { code, out } = await gatehouse('keys reseal');
    expect([code, out]).toEqual([0, 'Sealed again: 1 people.\n']);
    expect((await keysOf(ada.userId)).map(({ retired }) => retired)).toEqual([true, false]);
    expect((await ada.client.send(ME)).data).toEqual(before.data);
    const { client } = await server.logIn('ada@example.com');
    expect((await client.send(ME)).data).toMatchObject({ me: EVERYTHING });
  });

  test('makes a change BUSY whose viewer was read with the key before: sealed under it, it would open no more', async () => {
    const [old, inUse] = await keysOf(ada.userId);
    const hold = (id: string | undefined) => {
      const dataKey = { id, userId: ada.userId, wrapped: Buffer.of(), wrappingKeyId: 'w1' } as WrappedDataKey;
      const viewer = { userId: ada.userId as UserId, sessionId: ada.sessionId as SessionId, user: { dataKey } };
      const rest = { permissions: new Set<Permission>(), authenticatedAt: server.clock.now() };
      return server.database.transaction((tx) => holdActor(tx, { ...viewer, ...rest }, server.clock.now()));
    };
    await expect(hold(old?.id)).rejects.toMatchObject({ code: 'BUSY' });
    await expect(hold(inUse?.id)).resolves.toBeUndefined();
  });

  test('goes on opening what the audit trail has from before', async () => {
    const before = await exported();
    expect(before.auditEvents.some(({ ip }: { ip: string | null }) => ip === '127.0.0.1')).toBe(true);
    await gatehouse('keys reseal');
    const after = await exported();
    const known = (event: { id: string }) => before.auditEvents.some(({ id }: { id: string }) => id === event.id);
    expect(after.auditEvents.filter(known)).toEqual(before.auditEvents);
    expect(after.auditEvents.length).toBeGreaterThan(before.auditEvents.length);
  });

  test('goes on exporting a mail that waits under the key before', async () => {
    const send = jest.spyOn(server.mails, 'send').mockRejectedValue(new Error('no server'));
    await server.anyone.send('mutation { requestPasswordReset(input: { email: "ada@example.com" }) { accepted } }');
    const waiting = async () => (await exported()).waitingMails;
    await until('a mail waits', async () => (await waiting()).length === 1);
    const before = await waiting();
    await gatehouse('keys reseal');
    expect(await waiting()).toEqual(before);
    send.mockRestore();
    await server.database.query('DELETE FROM mails');
  });

  test('leaves no value of theirs under the old key', async () => {
    await server.database.query('DELETE FROM data_keys WHERE user_id = $1 AND retired_at IS NOT NULL', [ada.userId]);
    expect((await ada.client.send(ME)).data).toMatchObject({ me: EVERYTHING });
    expect(
      (await server.anyone.send(`mutation { refresh(input: { refreshToken: "${ada.refreshToken}" }) { expiresIn } }`))
        .errors,
    ).toEqual([]);
  });

  test('gives nobody a key who was erased', async () => {
    expect(await keysOf(gone.userId)).toEqual([]);
  });

  test('among logins, refreshes and changes of the same person leaves nothing that does not open', async () => {
    const codes: (string | undefined)[] = [];
    let running = true;
    const change = async () => {
      while (running) {
        const { accessToken } = (await server.anyone.send(LOGIN)).data?.['login'] ?? {};
        const { code } = await server.anyone
          .as(accessToken ?? ada.accessToken)
          .send('mutation { updateProfile(input: { bio: "Counts.", displayName: "Ada" }) { user { id } } }');
        codes.push(code);
      }
    };
    const changes = [change(), change(), change(), change()];
    try {
      for (let run = 0; run < 5; run += 1) expect((await gatehouse('keys reseal')).code).toBe(0);
      await until('one of them was made', () => codes.includes(undefined));
    } finally {
      running = false;
      await Promise.all(changes);
    }
    const { client } = await server.logIn('ada@example.com');
    expect((await client.send(ME)).data).toMatchObject({ me: EVERYTHING });
    expect((await client.send(ME)).errors).toEqual([]);
  });

  test('with the time of a run that was stopped does nobody twice', async () => {
    const before = await keysOf(ada.userId);
    const { out } = await gatehouse(`keys reseal --before ${new Date(Date.now() - 3_600_000).toISOString()}`);
    expect(out).toBe('Sealed again: 0 people.\n');
    expect(await keysOf(ada.userId)).toEqual(before);
  });

  test('leaves somebody as they were whose row was tampered with, says who, and exits 1', async () => {
    await server.database.query(
      'UPDATE profiles SET bio = set_byte(bio, 20, (get_byte(bio, 20) + 1) % 256) WHERE user_id = $1',
      [ada.userId],
    );
    const before = await keysOf(ada.userId);
    const { code, err } = await gatehouse('keys reseal');
    expect([code, err]).toEqual([1, expect.stringContaining(`A value of user ${ada.userId} does not open`)]);
    expect(await keysOf(ada.userId)).toEqual(before);
  });
});

describe('a reseal between two reads of one request', () => {
  const count = async (sql: string, ...values: unknown[]): Promise<number> =>
    (await server.database.query(`SELECT count(*)::int AS count ${sql}`, values))[0].count;
  const keys = (userId: string) => count('FROM data_keys WHERE user_id = $1', userId);

  test('leaves the sessions readable of whoever was read before it', async () => {
    const { client, userId } = await server.person('cleo@example.com');
    await server.database.query(`
      CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$;
      CREATE TRIGGER wait_here BEFORE UPDATE OF last_seen_at ON sessions FOR EACH STATEMENT EXECUTE FUNCTION wait_here()`);
    const holder = server.database.createQueryRunner();
    await holder.query('SELECT pg_advisory_lock(42)');
    // Seen a minute ago: that is noted after the viewer was read, and before the sessions are.
    server.clock.advanceSeconds(61);
    const reading = client.send('{ me { email sessions { ip } } }');
    await until(
      'the viewer was read',
      async () => (await count('FROM pg_locks WHERE objid = 42 AND NOT granted')) === 1,
    );
    const known = await keys(userId);
    await gatehouse('keys reseal');
    expect(await keys(userId)).toBe(known + 1);
    await holder.query('SELECT pg_advisory_unlock(42)');
    await holder.release();
    const answer = await reading;
    await server.database.query('DROP TRIGGER wait_here ON sessions; DROP FUNCTION wait_here()');
    expect(answer.errors).toEqual([]);
    expect(answer.data['me'].sessions).toContainEqual({ ip: '127.0.0.1' });
  });

  test('leaves a mailed token good that carries an address', async () => {
    const { client, userId } = await server.person('dora@example.com');
    await client.send('mutation { requestEmailChange(input: { newEmail: "dora.new@example.com" }) { accepted } }');
    const token = await server.mails.token('dora.new@example.com', 1);
    await client.send(`mutation { confirmEmailChange(input: { token: "${token}" }) { user { id } } }`);
    const undo = await server.mails.token('dora@example.com', 3);
    const foundation = await openFoundation(
      loadConfig(settingsBeside(server.shared), { cores: 2, cwd: server.shared.dataDir, rateLimitNames: [] }),
    );
    const holder = server.database.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE user_roles IN ACCESS EXCLUSIVE MODE');
    const reverting = server.anyone.send(`mutation { revertEmailChange(input: { token: "${undo}" }) { reverted } }`);
    const waits = `FROM pg_locks WHERE relation = 'user_roles'::regclass AND NOT granted`;
    await until('the token was read', async () => (await count(waits)) === 1);
    const known = await keys(userId);
    await resealAll(
      { ...foundation, by: { kind: 'SYSTEM' }, progress: () => undefined },
      new Date(Date.now() + 3_600_000),
    );
    expect(await keys(userId)).toBe(known + 1);
    await holder.commitTransaction();
    await holder.release();
    const answer = await reverting;
    await foundation.close();
    expect(answer.errors).toEqual([]);
    expect(answer.data['revertEmailChange']).toEqual({ reverted: true });
  });
});

test('sessions revoke --all ends everybody’s sessions and known devices, and a login after it goes on', async () => {
  const bea = await server.person('bea@example.com');
  // Logged out, and their browser is known still.
  const left = await server.person('left@example.com');
  await server.database.query('UPDATE sessions SET revoked_at = now() WHERE user_id = $1', [left.userId]);
  const { code, out } = await gatehouse('sessions revoke --all');
  expect([code, out]).toEqual([0, expect.stringMatching(/^Ended \d+ sessions of \d+ people\.\n$/)]);
  expect((await bea.client.send('{ me { email } }')).code).toBe('UNAUTHENTICATED');
  const devices = await server.database.query('SELECT 1 FROM devices WHERE ended_at IS NULL');
  expect(devices).toEqual([]);
  const { client } = await server.logIn('bea@example.com');
  expect((await client.send('{ me { email } }')).data['me']).toEqual({ email: 'bea@example.com' });
});
