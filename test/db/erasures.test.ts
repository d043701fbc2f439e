import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../src/cli/run-command.ts';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { settingsBeside } from '../support/terminal.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

const listPath = () => join(server.shared.dataDir, 'erased-users');
const listed = () => {
  try {
    return readFileSync(listPath(), 'utf8');
  } catch {
    return '';
  }
};
const erase = (client: TestServer['anyone'], confirmEmail: string) =>
  client.send('mutation($input: EraseMeInput!) { eraseMe(input: $input) { erased } }', { input: { confirmEmail } });
const vacuums = async (): Promise<number> =>
  (
    await server.database.query(
      `SELECT vacuum_count::int AS count FROM pg_stat_user_tables WHERE relname = 'data_keys'`,
    )
  )[0].count;
const statusOf = async (userId: string) =>
  (await server.database.query('SELECT status FROM users WHERE id = $1', [userId]))[0]?.status;

/** Every row of the person, kept and put back: what a restored backup does. */
async function backUp(userId: string): Promise<() => Promise<void>> {
  const tables = [
    ['users', 'id'],
    ['data_keys', 'user_id'],
    ['email_indexes', 'user_id'],
    ['profiles', 'user_id'],
  ] as const;
  const kept = new Map<string, unknown>();
  for (const [table, column] of tables) {
    const [row] = await server.database.query(`SELECT to_json(t) AS row FROM ${table} t WHERE ${column} = $1`, [
      userId,
    ]);
    kept.set(table, row.row);
  }
  return async () => {
    await server.database.query('DELETE FROM users WHERE id = $1', [userId]);
    await server.database.query('DELETE FROM erasures WHERE user_id = $1', [userId]);
    for (const [table] of tables) {
      await server.database.query(`INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, $1)`, [
        JSON.stringify(kept.get(table)),
      ]);
    }
  };
}

describe('the list of who was erased', () => {
  test('has an erasure at once, in a file that only the server reads', async () => {
    const { client, userId } = await server.person('ada@example.com');
    await erase(client, 'ada@example.com');
    await until('it was listed', () => listed().includes(userId));
    expect(statSync(listPath()).mode & 0o777).toBe(0o600);
    expect(listed()).toMatch(new RegExp(`^${userId} \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`, 'm'));
    expect(listed()).not.toContain('ada');
  });

  test('has each person once, and survives a line that a crash has cut', async () => {
    writeFileSync(listPath(), `${listed()}0190aaaa-0000`);
    const { client, userId } = await server.person('bea@example.com');
    await erase(client, 'bea@example.com');
    await until('it was listed', () => listed().includes(userId));
    expect(listed().split(userId)).toHaveLength(2);
    expect(listed()).toMatch(new RegExp(`^${userId} `, 'm'));
  });

  test('cannot be shortened by the server: its role may only add to erasures', async () => {
    const rights = await server.database.query<{ privilege_type: string }[]>(
      `SELECT privilege_type FROM information_schema.role_table_grants
       WHERE table_name = 'erasures' AND grantee LIKE '%server%' ORDER BY 1`,
    );
    expect(rights.map(({ privilege_type }) => privilege_type)).toEqual(['INSERT', 'SELECT']);
  });
});

describe('a database restored from before an erasure', () => {
  test('is held to it by the next server that starts, before it answers anybody', async () => {
    const { client, userId } = await server.person('cleo@example.com');
    const restore = await backUp(userId);
    await erase(client, 'cleo@example.com');
    await until('it was listed', () => listed().includes(userId));
    await restore();
    expect(await statusOf(userId)).toBe('ACTIVE');
    const next = await startTestServer(WITHOUT_LIMITS, server.shared);
    try {
      expect(await statusOf(userId)).toBe('ERASED');
      const keys = await server.database.query('SELECT 1 FROM data_keys WHERE user_id = $1', [userId]);
      expect(keys).toEqual([]);
      const [event] = await server.database.query(
        `SELECT actor_kind, details FROM audit_events WHERE type = 'user.erased' AND subject_id = $1 AND details->>'by' <> 'OWNER'`,
        [userId],
      );
      expect(event).toEqual({ actor_kind: 'SYSTEM', details: { by: 'RESTORE' } });
    } finally {
      await next.stop();
    }
  });

  test('is held to another node’s list by `gatehouse restore`, and leaves everybody else alone', async () => {
    const beforeAny = await vacuums();
    const { client, userId } = await server.person('dora@example.com');
    const other = await server.person('eve@example.com');
    const restore = await backUp(userId);
    await erase(client, 'dora@example.com');
    await until('it was listed', () => listed().includes(userId));
    await until('the server was done', async () => (await vacuums()) > beforeAny);
    const before = await vacuums();
    const elsewhere = join(server.shared.dataDir, 'from-another-node');
    writeFileSync(elsewhere, listed());
    writeFileSync(listPath(), '');
    await restore();
    const printed: string[] = [];
    const run = (...words: string[]) =>
      runCommand(['restore', ...words], {
        env: { ...settingsBeside(server.shared), LOG_LEVEL: 'silent' },
        facts: { cores: 2, cwd: server.shared.dataDir, rateLimitNames: [] },
        stopSignal: new Promise(() => undefined),
        stdin: process.stdin,
        print: (text) => void printed.push(text),
        printError: (text) => void printed.push(text),
      });
    expect(await run('--erased', elsewhere)).toBe(0);
    await until('the dead row of the key was vacuumed', async () => (await vacuums()) > before);
    expect(await statusOf(userId)).toBe('ERASED');
    expect(await statusOf(other.userId)).toBe('ACTIVE');
    expect(await run('--erased', elsewhere)).toBe(0);
    expect(printed).toEqual(['Erased again: 1.', 'Nobody had to be erased again.']);
    expect(listed()).toContain(userId);
  });
});

test('a restored last administrator is not erased again before there is another one', async () => {
  const { userId } = await server.person('gus@example.com', 'admin');
  await server.database.query(
    `DELETE FROM user_roles WHERE user_id <> $1 AND role_id = (SELECT id FROM roles WHERE name = 'admin')`,
    [userId],
  );
  writeFileSync(listPath(), `${listed()}\n${userId} 2026-01-01T00:00:00.000Z\n`);
  const restart = async () => (await startTestServer(WITHOUT_LIMITS, server.shared)).stop();
  await restart();
  expect(await statusOf(userId)).toBe('ACTIVE');
  await server.person('hedy@example.com', 'admin');
  await restart();
  expect(await statusOf(userId)).toBe('ERASED');
});

test('the dead row of an erased data key is vacuumed at once', async () => {
  const { client } = await server.person('flo@example.com');
  const before = await vacuums();
  await erase(client, 'flo@example.com');
  await until('it was vacuumed', async () => (await vacuums()) > before);
});
