import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.ts';
import { verifyMac } from '../../src/audit/event-mac.ts';
import { parseKeyring } from '../../src/crypto/keyring.ts';
import { countEvents, login, RESET, register, settled, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { act } from '../support/administration-acts.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const EMAIL = 'kanarien.vogel@example.com';
const NEW_EMAIL = 'umgezogener.zeisig@example.net';
const UNKNOWN_EMAIL = 'unbekannter.fink@example.org';
const INVITED_EMAIL = 'geladener.stieglitz@example.org';
const REASON = 'Stieglitzgeschrei ohne Ende';
const PASSWORD = 'Kanarienlied im Morgengrauen';
const NEW_PASSWORD = 'Zeisiggesang am Abendhimmel';
const WRONG_PASSWORD = 'Finkenschlag um Mitternacht';
const IP = '203.0.113.199';
const USER_AGENT = 'Kanarienbrowser/47.11 (Voliere)';
const PROFILE = {
  displayName: 'Kanariengelb Anzeigename',
  givenName: 'Kanarienvorname',
  familyName: 'Kanariennachname',
  bio: 'Kanarienbiografie in einem Satz',
  phone: '+41446681804',
  birthDate: '1987-06-05',
  address: { lines: ['Kanariengasse 4711'], locality: 'Vogelsang', postalCode: 'Vg 94711 Zq', country: 'Vogelland' },
  avatarUrl: 'https://kanarienbild.example/a.png',
  locale: 'rm-CH',
  timeZone: 'Indian/Kerguelen',
};

const log = recordingLogger();
let server: TestServer;
/** Whose way it is. */
let ownerId: string;
/** What must stand nowhere, by what it is. */
const canaries: Record<string, string> = {};

beforeAll(async () => {
  server = await startTestServer(
    { ...WITHOUT_LIMITS, TRUSTED_PROXIES: '127.0.0.1', AUDIENCES: 'https://s.example' },
    undefined,
    log,
  );
  await keepWhatComesAndGoes();
  await runTheFlow();
  await settled(server);
});
afterAll(() => server.stop());

/** Rows of mails and jobs live for milliseconds: every state of every row is copied. */
async function keepWhatComesAndGoes(): Promise<void> {
  const { database } = server;
  await database.query('CREATE TABLE kept_rows (name text, content text)');
  await database.query(
    `CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN INSERT INTO kept_rows VALUES (TG_TABLE_NAME, NEW::text); RETURN NEW; END $$`,
  );
  const tables: { name: string }[] = await database.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'kept_rows'`,
  );
  for (const { name } of tables) {
    await database.query(
      `CREATE TRIGGER keep_rows AFTER INSERT OR UPDATE ON "${name}" FOR EACH ROW EXECUTE FUNCTION keep_row()`,
    );
  }
}

/** A person's whole way through the server, good and bad, with values that are found again wherever they went. */
async function runTheFlow(): Promise<void> {
  const anyone = server.anyone.with({ 'x-forwarded-for': IP, 'user-agent': USER_AGENT });
  const keepTokens = (of: string, { accessToken, refreshToken, deviceToken }: Record<string, string>) =>
    Object.assign(canaries, {
      [`${of} access token`]: accessToken,
      [`${of} access token’s signature`]: accessToken?.split('.')[2],
      [`${of} refresh token’s MAC`]: refreshToken?.split('.')[2],
      ...(deviceToken ? { [`${of} device token`]: deviceToken } : {}),
    });
  const keepMailed = async (of: string, address: string, number: number) => {
    const token = await server.mails.token(address, number);
    canaries[`${of} token`] = token;
    canaries[`${of} token’s secret`] = token.split('.')[1] ?? '';
    return token;
  };
  await register(anyone, EMAIL, PASSWORD, PROFILE);
  await register(anyone, 'schwach@example.com', WRONG_PASSWORD.slice(0, 5), PROFILE);
  const verification = await keepMailed('verification', EMAIL, 1);
  await login(anyone, EMAIL, PASSWORD);
  await anyone.send('mutation V($t: String!) { verifyEmail(input: { token: $t }) { verified } }', { t: verification });
  await login(anyone, EMAIL, WRONG_PASSWORD);
  await login(anyone, UNKNOWN_EMAIL, WRONG_PASSWORD);
  await anyone.send(`mutation { login(input: { email: "${EMAIL}", password: "${WRONG_PASSWORD}" }) { __typename } }`);
  const first = (await login(anyone, EMAIL, PASSWORD)).data['login'];
  keepTokens('first', first);
  const refreshed = await anyone.send(
    'mutation R($t: String!) { refresh(input: { refreshToken: $t }) { accessToken refreshToken } }',
    {
      t: first.refreshToken,
    },
  );
  keepTokens('refreshed', refreshed.data['refresh']);
  const client = anyone.as(refreshed.data['refresh'].accessToken);
  await client.send('{ me { email sessions { ip userAgent } } }');
  await client.send('mutation U($p: UpdateProfileInput!) { updateProfile(input: $p) { user { id } } }', {
    p: { ...PROFILE, bio: `${PROFILE.bio}.` },
  });
  await client.send(`mutation { serviceToken(input: { audience: "https://s.example" }) { accessToken } }`);
  const stepped = await client.send(
    `mutation { reauthenticate(input: { password: "${PASSWORD}" }) { accessToken refreshToken } }`,
  );
  keepTokens('stepped-up', stepped.data['reauthenticate']);
  const fresh = anyone.as(stepped.data['reauthenticate'].accessToken);
  await fresh.send(`mutation { requestEmailChange(input: { newEmail: "${NEW_EMAIL}" }) { accepted } }`);
  const change = await keepMailed('change', NEW_EMAIL, 1);
  await fresh.send('mutation C($t: String!) { confirmEmailChange(input: { token: $t }) { user { id } } }', {
    t: change,
  });
  await fresh.send(
    `mutation { changePassword(input: { currentPassword: "${WRONG_PASSWORD}", newPassword: "${NEW_PASSWORD}" }) { changed } }`,
  );
  await anyone.send(`mutation { requestPasswordReset(input: { email: "${NEW_EMAIL}" }) { accepted } }`);
  await settled(server);
  const mails = server.mails.to(NEW_EMAIL);
  const reset = await keepMailed(
    'reset',
    NEW_EMAIL,
    mails.findIndex(({ text }) => text.includes('reset-password#')) + 1,
  );
  await anyone.send(RESET, { input: { token: reset, newPassword: NEW_PASSWORD } });
  const { client: administrator } = await server.person('verwalter@example.com', 'admin');
  const invitation = { email: INVITED_EMAIL, profile: PROFILE, roles: ['support'] };
  await act(administrator, 'createUser', invitation);
  await keepMailed('set-password', INVITED_EMAIL, 1);
  await act(administrator, 'createUser', invitation);
  ownerId = (await login(anyone, NEW_EMAIL, NEW_PASSWORD)).data['login'].user.id;
  await act(administrator, 'disableUser', { id: ownerId, reason: REASON });
  await act(administrator, 'enableUser', { id: ownerId });
  // And with errors inside, whose details go to the log.
  await server.database.query('ALTER TABLE profiles RENAME TO profiles_away');
  await login(anyone, NEW_EMAIL, NEW_PASSWORD);
  await register(anyone, UNKNOWN_EMAIL, WRONG_PASSWORD, PROFILE);
  await server.database.query('ALTER TABLE profiles_away RENAME TO profiles');
  await anyone.as(first.accessToken).post(`{"query": "${PASSWORD}`);
  Object.assign(canaries, {
    EMAIL,
    'its local part': 'kanarien.vogel',
    NEW_EMAIL,
    UNKNOWN_EMAIL,
    INVITED_EMAIL,
    REASON,
    PASSWORD,
    NEW_PASSWORD,
    WRONG_PASSWORD,
    IP,
    USER_AGENT,
    ...Object.fromEntries(
      Object.entries(PROFILE).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
    line: 'Kanariengasse 4711',
    locality: 'Vogelsang',
    postalCode: 'Vg 94711 Zq',
    country: 'Vogelland',
  });
}

/** The ways in which a value may stand in a text: as it is, its bytes as PostgreSQL writes them, and base64 of either kind. */
const writings = (value: string) => {
  const bytes = Buffer.from(value, 'utf8');
  return [value, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
};
const foundIn = (text: string) => {
  const lower = text.toLowerCase();
  return Object.entries(canaries).filter(([, value]) =>
    writings(value).some((writing) => lower.includes(writing.toLowerCase())),
  );
};

test('the flow went all its way: each canary was used', () => {
  expect(Object.values(canaries).filter((value) => typeof value !== 'string' || value.length < 5)).toEqual([]);
  expect(Object.keys(canaries).length).toBeGreaterThan(30);
  expect(server.mails.to(NEW_EMAIL).length).toBeGreaterThanOrEqual(3);
});

describe('the database (v5.0.0-11.3.2, 14.1.2)', () => {
  test('never held a canary in clear, in any row of any table, of those that came and went, too', async () => {
    const rows: { name: string; content: string }[] = await server.database.query(
      'SELECT name, content FROM kept_rows',
    );
    const tables = new Set(rows.map(({ name }) => name));
    expect([...tables]).toEqual(
      expect.arrayContaining([
        'users',
        'profiles',
        'sessions',
        'one_time_tokens',
        'address_jobs',
        'mails',
        'audit_events',
        'devices',
        'email_indexes',
      ]),
    );
    expect(rows.flatMap(({ name, content }) => foundIn(content).map(([canary]) => `${name}: ${canary}`))).toEqual([]);
  });

  test('shows one by this search where it does stand: the twin of the above', () => {
    expect(foundIn(`(1,\\x${Buffer.from(`x${PASSWORD}y`).toString('hex')})`)).toEqual([['PASSWORD', PASSWORD]]);
    expect(foundIn(`a ${IP} b`)).toEqual([['IP', IP]]);
  });

  test('holds a key’s private half sealed, and no keyring', async () => {
    const keyring = readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8');
    const secrets = [...keyring.matchAll(/"([A-Za-z0-9_+/-]{43})=?"/g)].map(([, secret]) => secret ?? '');
    expect(secrets.length).toBeGreaterThanOrEqual(5);
    const rows: { content: string }[] = await server.database.query('SELECT content FROM kept_rows');
    const dump = rows.map(({ content }) => content).join('\n');
    for (const secret of secrets) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    }
  });
});

describe('the log (v5.0.0-16.2.5)', () => {
  test('holds no canary at any level, though there were errors to tell of', () => {
    const text = JSON.stringify(log.lines);
    expect(log.lines.filter(({ level }) => level === 'error').length).toBeGreaterThan(0);
    expect(foundIn(text).map(([canary]) => canary)).toEqual([]);
  });
});

describe('the audit trail', () => {
  test('has a MAC on each event that verifies, and none that does once a column was changed', async () => {
    await until('the failures were written', async () => {
      const [row] = await server.database.query(
        `SELECT count(*)::int AS count FROM audit_events WHERE type = 'login.failed'`,
      );
      return row.count >= 4;
    });
    const keyring = parseKeyring(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));
    const events = await server.database.getRepository(AuditEventEntity).find();
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThanOrEqual(12);
    for (const event of events) {
      expect([event.type, verifyMac(keyring, event)]).toEqual([event.type, 'INTACT']);
      for (const change of [
        { outcome: 'SUCCESS' },
        { actorId: 'x' },
        { at: new Date(event.at.getTime() + 1) },
        { details: { a: 1 } },
        { subjectId: 'y' },
      ]) {
        const isSame = Object.entries(change).every(([name, value]) => event[name as keyof AuditEventEntity] === value);
        if (!isSame) expect(verifyMac(keyring, Object.assign(Object.create(null), event, change))).toBe('BROKEN');
      }
    }
  });

  test('tells a failed login of somebody known by their id, and never by what was typed', async () => {
    expect(await countEvents(server, 'login.failed', ownerId)).toBeGreaterThanOrEqual(2);
    const typed = await server.database.query(
      `SELECT 1 FROM audit_events WHERE type = 'login.failed' AND subject_id IS NOT NULL AND subject_data IS NOT NULL`,
    );
    expect(typed).toEqual([]);
  });

  test('has the way of each request with it, sealed', async () => {
    const without = await server.database.query(
      `SELECT type FROM audit_events WHERE actor_kind IN ('USER', 'ANONYMOUS') AND (origin IS NULL OR request_id IS NULL)`,
    );
    expect(without).toEqual([]);
  });
});

describe('mails', () => {
  test('hold no password, and a token in fragments of links alone, which reach no log of a server', () => {
    for (const { text, html = '' } of server.mails.all as readonly { text: string; html?: string }[]) {
      for (const password of [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD]) expect(text + html).not.toContain(password);
      for (const link of (text + html).match(/https?:\/\/[^\s"<>]+/g) ?? [])
        expect(link).not.toMatch(/[?&/](?:token)=/);
    }
  });
});
