import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../support/account-acts.ts';
import { nextBeats } from '../support/beats.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type CommandOutcome, runInTerminal, settingsBeside } from '../support/terminal.ts';

const PEOPLE = 5;

let server: TestServer;
let second: TestServer;
beforeAll(async () => {
  server = await startTestServer({ LIMIT_LOGIN_CLIENT: '100000', LIMIT_REGISTER_CLIENT: '100000' });
  second = await startTestServer({}, server.shared);
  for (let i = 0; i < PEOPLE; i += 1) await server.signUp(address(i));
});
afterAll(async () => {
  await second.stop();
  await server.stop();
});

const address = (i: number) => `person${i}@example.com`;
const keyringPath = () => join(server.shared.dataDir, 'keyring.json');
const gatehouse = (typed: string, env: Record<string, string> = {}) =>
  runInTerminal(typed.split(' '), { ...settingsBeside(server.shared), ...env });

/** Runs it again until it is `done`: servers read a changed keyring within seconds. */
async function eventually(typed: string, done = ({ code }: CommandOutcome) => code === 0): Promise<CommandOutcome> {
  for (;;) {
    const outcome = await gatehouse(typed);
    if (done(outcome)) return outcome;
    await nextBeats(server);
  }
}

/** With a live server that holds no key that was added since. */
async function withServerThatLacksIt(work: () => Promise<void>): Promise<void> {
  const id = '0190aaaa-0000-7000-8000-0000000000ff';
  const keys = JSON.stringify({ held: ['wrapping/w1/0000000000000000'], active: [] });
  await server.database.query("INSERT INTO nodes VALUES ($1, 'node-behind', $2, now(), now() + interval '1 hour')", [
    id,
    keys,
  ]);
  await work();
  await server.database.query('DELETE FROM nodes WHERE id = $1', [id]);
}

const idsOf = async (table: string, column: string): Promise<string[]> => {
  const rows = await server.database.query(`SELECT DISTINCT ${column} AS id FROM ${table} WHERE ${column} IS NOT NULL`);
  return rows.map(({ id }: { id: string }) => id).sort();
};

const KINDS = [
  {
    purpose: 'wrapping',
    old: 'w1',
    id: 'w2',
    uses: [
      ['data_keys', 'wrapping_key_id'],
      ['day_keys', 'wrapping_key_id'],
    ],
  },
  { purpose: 'pepper', old: 'p1', id: 'p2', uses: [['users', 'pepper_id']] },
  { purpose: 'system', old: 's1', id: 's2', uses: [['signing_keys', 'system_key_id']] },
  { purpose: 'index', old: 'i1', id: 'i2', uses: [['email_indexes', 'key_version']] },
] as const;

describe.each(KINDS)('a rotation of the $purpose key', ({ purpose, old, id, uses }) => {
  test('goes from key to key beside two running servers, and everybody logs in at every step', async () => {
    const everybodyLogsIn = async () => {
      for (const each of [server, second]) {
        const { client } = await each.logIn(address(0));
        const me = await client.send('{ me { email } }');
        expect(me.data['me']).toEqual({ email: address(0) });
      }
    };
    expect((await gatehouse(`keys add --${purpose}`)).code).toBe(0);
    await withServerThatLacksIt(async () => {
      const early = await eventually(`keys rotate --${purpose}`, ({ err }) => !err.includes(hostname()));
      expect([early.code, early.err]).toEqual([
        1,
        expect.stringMatching(`do not have the ${purpose} key "${id}" yet: node-behind \\(0190`),
      ]);
    });

    expect(await eventually(`keys rotate --${purpose}`)).toMatchObject({ code: 0 });
    await everybodyLogsIn();
    if (purpose !== 'index') {
      const needed = await eventually(`keys retire ${old}`, ({ err }) => !err.includes('still the active one'));
      expect(needed.err).toMatch(new RegExp(`still needed by \\d+ rows of ${uses[0][0]}`));
    }
    expect(await eventually('keys rewrap')).toMatchObject({ code: 0 });
    await everybodyLogsIn();
    if (purpose === 'index') expect(await idsOf('email_indexes', 'key_version')).toEqual([old, id]);
    expect(await eventually(`keys retire ${old}`)).toMatchObject({ code: 0 });
    for (const [table, column] of uses) expect(await idsOf(table, column)).toEqual([id]);
    await everybodyLogsIn();

    const { out } = await gatehouse('keys list');
    expect(out).toMatch(new RegExp(`^${purpose} +${id} +active`, 'm'));
    expect(out).not.toMatch(new RegExp(`^${purpose} +${old} `, 'm'));
  });
});

test('a new audit key is introduced by the one before, and events go on under it', async () => {
  expect((await gatehouse('keys add --audit')).code).toBe(0);
  expect(await eventually('keys rotate --audit')).toMatchObject({ code: 0 });
  await until('the new key is known', async () => (await idsOf('audit_keys', 'id')).includes('a2'));
  await server.logIn(address(0));
  await until('it has sealed', async () => (await idsOf('audit_seals', 'audit_key_id')).includes('a2'));
  const { code, err } = await eventually('keys retire a1', (outcome) => !outcome.err.includes('still the active one'));
  expect([code, err]).toEqual([1, expect.stringMatching(/still needed by \d+ rows of audit_events/)]);
  expect(await idsOf('audit_keys', 'previous')).toEqual(['', 'a1']);
});

test('keys rewrap moves nothing while a running server lacks the key: it could open none of it any more', async () => {
  await withServerThatLacksIt(async () => {
    for (const { purpose } of KINDS) {
      const { code, err } = await gatehouse(`keys rewrap --${purpose}`);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(`do not have the ${purpose} key "\\w\\d" yet: node-behind`),
      ]);
    }
  });
});

describe('the keyring file', () => {
  test('stays with its owner alone, the one before beside it', () => {
    for (const path of [keyringPath(), `${keyringPath()}.previous`]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is printed where it cannot be written, and left as it is', async () => {
    const text = readFileSync(keyringPath(), 'utf8');
    const { code, out } = await gatehouse('keys add --wrapping', { KEYRING: text });
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(out).wrapping.keys)).toEqual(['w2', 'w3']);
    expect(readFileSync(keyringPath(), 'utf8')).toBe(text);
  });
});

test('keys list shows no secret of any key', async () => {
  const { out } = await gatehouse('keys list');
  const { wrapping, index, pepper, system, audit } = JSON.parse(readFileSync(keyringPath(), 'utf8'));
  for (const { keys } of [wrapping, index, pepper, system, audit]) {
    for (const secret of Object.values<string>(keys)) expect(out).not.toContain(secret);
  }
  expect(out).toMatch(/^SERVER +LAST SEEN +LACKS$/m);
});

test('the audit trail tells of each key that was added, became active, and was taken out', async () => {
  const rows = await server.database.query(
    "SELECT type, subject_id AS key FROM audit_events WHERE type LIKE 'key.%' AND type <> 'key.moved' ORDER BY id",
  );
  const told = rows.map(({ type, key }: { type: string; key: string }) => `${type} ${key}`);
  for (const { old, id } of KINDS) {
    expect(told).toEqual(expect.arrayContaining([`key.added ${id}`, `key.activated ${id}`, `key.retired ${old}`]));
  }
});

test.each([
  'keys add',
  'keys add --wrapping --index',
  'keys rotate --wrapping --now',
  'keys rewrap --audit',
  'keys retire',
  'keys reseal --before soon',
  'keys calibrate --target-ms 5',
  'sessions revoke',
])('%s is refused with its help', async (typed) => {
  const { code, err } = await gatehouse(typed);
  expect([code, err.includes('Usage: gatehouse')]).toEqual([2, true]);
});

test('keys calibrate measures, and prints settings that a server takes', async () => {
  const { code, out, err } = await gatehouse('keys calibrate --target-ms 40');
  expect([code, err]).toEqual([0, expect.stringMatching(/takes \d+ ms here\.\n$/)]);
  const [, memory, passes] = /^ARGON2_MEMORY_KIB=(\d+)\nARGON2_PASSES=(\d+)\n$/.exec(out) ?? [];
  // OWASP's least, which is all that a busy machine can afford.
  expect(Number(memory)).toBeGreaterThanOrEqual(19_456);
  expect(Number(passes)).toBeGreaterThanOrEqual(2);
  const started = await startTestServer({ ARGON2_MEMORY_KIB: memory ?? '', ARGON2_PASSES: passes ?? '' });
  await started.stop();
});
