import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateKeyring, type RootPurpose } from '../../src/crypto/keyring.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { KeyringJson } from '../support/keyrings.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type CommandOutcome, runInTerminal, settingsBeside } from '../support/terminal.ts';

let server: TestServer;
let folder: string;
let good: string;
beforeAll(async () => {
  server = await startTestServer();
  await server.person('ada@example.com');
  folder = mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'keyring-'));
  good = readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'keyring.json');
beforeEach(() => writeFileSync(path(), good, { mode: 0o600 }));

/** A command that opens everything as a start does. */
const start = (env: Record<string, string> = { KEYRING_FILE: path() }): Promise<CommandOutcome> =>
  runInTerminal(['migrate'], { ...settingsBeside(server.shared), DATA_DIR: folder, ...env });

function changed(change: (json: KeyringJson) => void): string {
  const json: KeyringJson = JSON.parse(good);
  change(json);
  return JSON.stringify(json);
}
const fresh = () => systemRandom.bytes(32).toString('base64url');

test('the keyring that the database was made with opens it', async () => {
  expect((await start()).code).toBe(0);
});

describe('a start with a keyring', () => {
  test.each([
    ['wrapping', 'w1', 'data_keys'],
    ['pepper', 'p1', 'users'],
    ['system', 's1', 'signing_keys'],
    ['index', 'i1', 'email_indexes'],
  ] as const)(
    'that has lost the %s key says which key is missing for how many rows of what',
    async (purpose, id, table) => {
      const text = changed((json) => {
        json[purpose] = { active: 'z9', keys: { z9: fresh() } };
      });
      writeFileSync(path(), text);
      const { code, err } = await start();
      expect(code).toBe(1);
      expect(err).toMatch(new RegExp(`the ${purpose} key "${id}", which [1-9]\\d* rows of ${table} need`));
      expect(readFileSync(path(), 'utf8')).toBe(text);
    },
  );

  test.each([
    ['wrapping', 'data_keys was sealed with'],
    ['pepper', 'users was sealed with'],
    ['system', 'signing_keys was sealed with'],
    ['index', 'email_indexes was sealed with'],
    ['audit', 'audit_keys knows'],
  ] as const)('whose %s key is another one of the same id says so', async (purpose: RootPurpose, where) => {
    writeFileSync(
      path(),
      changed((json) => {
        json[purpose].keys = { [json[purpose].active]: fresh() };
      }),
    );
    const { code, err } = await start();
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`The ${purpose} key "${purpose.charAt(0)}1" of the keyring is not the one that ${where}`),
    ]);
  });

  test('of another installation is refused, and no row is touched', async () => {
    const rows = () => server.database.query('SELECT id, wrapped FROM data_keys');
    const before = await rows();
    writeFileSync(path(), generateKeyring({ development: true, random: systemRandom }));
    expect((await start()).code).toBe(1);
    expect(await rows()).toEqual(before);
  });

  test('that was cut short is refused with no word of what it holds, and stays as it is', async () => {
    const half = good.slice(0, good.length / 2);
    writeFileSync(path(), half);
    const { code, out, err } = await start();
    expect([code, out, err]).toEqual([1, '', 'gatehouse migrate: Keyring: not valid JSON\n']);
    expect(readFileSync(path(), 'utf8')).toBe(half);
  });

  test('made in its DATA_DIR just now, since the old one is gone, is refused: what is there was sealed with another', async () => {
    rmSync(path());
    const { code, err } = await start({});
    expect([code, err]).toEqual([1, expect.stringContaining('is not the one that')]);
    expect(existsSync(path())).toBe(true);
  });
});

test('rows of a retired index key stop no start, where everybody is found by the active one', async () => {
  await server.database.query(`INSERT INTO email_indexes SELECT user_id, 'i0', index FROM email_indexes`);
  expect((await start()).code).toBe(0);
  await server.database.query(`DELETE FROM email_indexes WHERE key_version = 'i0'`);
});

test('one row that does not open stops no start, where another shows that the key is right', async () => {
  await server.signUp('bob@example.com');
  const damage = () =>
    server.database.query(
      `UPDATE data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
       WHERE user_id = (SELECT min(id::text)::uuid FROM users)`,
    );
  await damage();
  expect(await start()).toMatchObject({ code: 0, err: '' });
  await damage();
});

describe('a rotation of the address index', () => {
  const rotated = () => join(folder, 'rotated.json');
  const keys = (typed: string) =>
    runInTerminal(typed.split(' '), { ...settingsBeside(server.shared), DATA_DIR: folder, KEYRING_FILE: rotated() });
  /** The server of this test keeps its own keyring, which a rotation would wait for: it counts as dead until its next sign of life. */
  const rotate = async (): Promise<CommandOutcome> => {
    for (;;) {
      await server.database.query(`UPDATE nodes SET seen_at = now() - interval '1 day'`);
      const turned = await keys('keys rotate --index');
      if (!turned.err.includes('do not have the index key')) return turned;
    }
  };
  beforeEach(() => writeFileSync(rotated(), good, { mode: 0o600 }));
  afterEach(() => {
    good = readFileSync(rotated(), 'utf8');
  });

  test('is missed by a keyring from before it, which starts no server: whoever registered there could not be found', async () => {
    // Held and not active: it still writes rows of both keys, and finds everybody by the old one.
    expect((await keys('keys add --index')).code).toBe(0);
    expect((await start()).code).toBe(0);
    expect((await rotate()).err).toContain('"i2" is the active index key');
    const { code, err } = await start();
    expect([code, err]).toEqual([1, expect.stringContaining('The keyring lacks the index key "i2"')]);
    expect((await start({ KEYRING_FILE: rotated() })).code).toBe(0);
  });

  test('ends the start of a server that was under way, which had not seen it and was not seen by it', async () => {
    expect((await keys('keys add --index')).code).toBe(0);
    // A row that a start deletes between its look at the keyring and its registration: there it waits.
    await server.database.query('INSERT INTO audit_retention (id, keep_days) VALUES (1, 3650)');
    const runner = server.database.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM audit_retention FOR UPDATE');
    const starting = startTestServer({ KEYRING_FILE: path() }, server.shared).then(
      (started) => started.stop(),
      (error: unknown) => String(error),
    );
    const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM audit_retention%'`;
    while ((await server.database.query(waits)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const turned = await rotate();
    await runner.commitTransaction();
    await runner.release();
    expect(turned.err).toContain('"i3" is the active index key');
    expect(await starting).toContain('The keyring lacks the index key "i3"');
  });
});

test('a new key never gets the id of one that was retired: what that one left behind must not be taken for its own', async () => {
  const gatehouse = (typed: string) =>
    runInTerminal(typed.split(' '), { ...settingsBeside(server.shared), DATA_DIR: folder, KEYRING_FILE: path() });
  expect((await gatehouse('keys add --pepper')).err).toContain('Added the pepper key "p2"');
  expect((await gatehouse('keys retire p2')).code).toBe(0);
  expect((await gatehouse('keys add --pepper')).err).toContain('Added the pepper key "p3"');
});

describe('KEYRING_COMMAND', () => {
  const script = (lines: string): string => {
    const file = join(folder, 'print-keyring');
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o700);
    return file;
  };

  test('prints the keyring', async () => {
    expect((await start({ KEYRING_COMMAND: script(`cat ${path()}`) })).code).toBe(0);
  });

  test('is given no setting of the server, and no shell reads its words', async () => {
    const seen = join(folder, 'seen');
    const file = script(`env > ${seen}; printf '%s' "$1" >> ${seen}; cat ${path()}`);
    const outcome = await start({ KEYRING_COMMAND: JSON.stringify([file, '$(touch hacked); `id`']) });
    expect(outcome.code).toBe(0);
    const text = readFileSync(seen, 'utf8');
    expect(text).toContain('$(touch hacked); `id`');
    expect(text).not.toMatch(/DATABASE_URL|postgres:|NODE_ENV|KEYRING/);
  });

  test('that fails, or prints what is no keyring, is told of without a word of its output', async () => {
    const secret = fresh();
    for (const lines of [
      `echo ${secret}; echo ${secret} >&2; exit 3`,
      `echo ${secret}; echo ${secret} >&2`,
      'exec /nowhere',
    ]) {
      const { code, out, err } = await start({ KEYRING_COMMAND: script(lines) });
      expect([code, out]).toEqual([1, '']);
      expect(err).not.toContain(secret);
      expect(err).toMatch(/KEYRING_COMMAND failed: run it by hand to see why|Keyring: not valid JSON/);
    }
  });

  test('that does not end is ended after ten seconds', async () => {
    const { code, err } = await start({ KEYRING_COMMAND: script('sleep 20') });
    expect([code, err]).toEqual([1, expect.stringContaining('KEYRING_COMMAND did not end within 10 s')]);
  });
});
