import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signHead } from '../../src/audit/head.ts';
import { auditSigner } from '../../src/crypto/audit-keys.ts';
import { parseKeyring } from '../../src/crypto/keyring.ts';
import { login, until } from '../support/account-acts.ts';
import { ManualClock } from '../support/clock.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { keyringOf } from '../support/keyrings.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

let clone: TestDatabase;
let server: TestServer;
/** When the second half of the trail was sealed, and the first event of each half. */
let since: string;
let halves: { readonly early: string; readonly late: string };
beforeAll(async () => {
  clone = await cloneDatabase();
  const [serverUrl, ownerUrl] = [clone.serverUrl.reveal(), clone.ownerUrl.reveal()];
  const dataDir = mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'commands-'));
  const clock = new ManualClock(new Date());
  server = await startTestServer({}, { serverUrl, ownerUrl, dataDir, publicUrl: 'http://localhost:4000', clock });
  await login(server.anyone, 'nobody@example.com', 'a wrong guess');
  const early = await firstSealed(new Date(0));
  const before = server.clock.now();
  server.clock.advanceSeconds(5);
  await login(server.anyone, 'nobody@example.com', 'a wrong guess');
  const late = await firstSealed(new Date(before.getTime() + 1));
  halves = { early, late };
  const [{ at }] = await server.database.query('SELECT min(sealed_at) AS at FROM audit_seals WHERE sealed_at > $1', [
    before,
  ]);
  since = at.toISOString();
});
afterAll(async () => {
  await server.stop();
  await clone.drop();
  rmSync(server.shared.dataDir, { recursive: true });
});

/** The first event that was sealed at `from` or later, once nothing waits for its seal. */
async function firstSealed(from: Date): Promise<string> {
  let id = '';
  await until('the events were sealed', async () => {
    const [row] = await server.database.query(
      `SELECT event_id AS id FROM audit_positions p JOIN audit_seals s ON s.id = p.seal_id
       WHERE s.sealed_at >= $1 AND NOT EXISTS (SELECT FROM audit_unsealed) AND EXISTS (
         SELECT FROM audit_events e JOIN audit_positions l ON l.event_id = e.id JOIN audit_seals t ON t.id = l.seal_id
         WHERE e.type = 'login.failed' AND t.sealed_at >= $1)
       ORDER BY p.position LIMIT 1`,
      [from],
    );
    id = row?.id ?? '';
    return id !== '';
  });
  return id;
}

const gatehouse = (typed: string) => runInTerminal(typed.split(' '), settingsBeside(server.shared));
const damaged = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
  await clone.asHostile(`UPDATE audit_events SET node = 'x' || node WHERE id = $1`, [id]);
  try {
    return await work();
  } finally {
    await clone.asHostile('UPDATE audit_events SET node = substr(node, 2) WHERE id = $1', [id]);
  }
};
const keyring = () => parseKeyring(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));

describe('audit verify', () => {
  test('with --root takes keys that go back to that one alone', async () => {
    expect(await gatehouse(`audit verify --root ${keyring().auditRoot}`)).toMatchObject({ code: 0 });
    const { code, out } = await gatehouse(`audit verify --root ${keyringOf('another').auditRoot}`);
    expect([code, out]).toEqual([1, expect.stringContaining('BROKEN (KEYS): The audit key "a1"')]);
  });

  test('with --since leaves out what was sealed before, and nothing that was sealed then', async () => {
    await damaged(halves.early, async () => {
      expect((await gatehouse('audit verify')).code).toBe(1);
      expect(await gatehouse(`audit verify --since ${since}`)).toMatchObject({ code: 0 });
    });
    const { code, out } = await damaged(halves.late, () => gatehouse(`audit verify --since ${since}`));
    expect([code, out]).toEqual([1, expect.stringContaining(`First broken event: ${halves.late}\n`)]);
  });

  test('holds the database to every head of every file', async () => {
    const [{ head }] = await server.database.query('SELECT head FROM audit_seals ORDER BY id DESC LIMIT 1');
    const [good, bad] = ['good-heads', 'bad-heads'].map((name) => join(server.shared.dataDir, name));
    const said = JSON.parse(Buffer.from(head.split('.')[1], 'base64url').toString());
    const other = signHead(auditSigner(keyring(), 'a1'), { ...said, root: said.previous });
    writeFileSync(good ?? '', `${head}\n`);
    writeFileSync(bad ?? '', `${head}\n${other}\n`);
    expect((await gatehouse(`audit verify --head ${good} --head ${good}`)).code).toBe(0);
    for (const files of [[bad], [good, bad], [bad, good]]) {
      const { code, out } = await gatehouse(`audit verify ${files.map((file) => `--head ${file}`).join(' ')}`);
      expect([code, out]).toEqual([1, expect.stringContaining('BROKEN (ROLLED_BACK)')]);
    }
  });
});

describe('audit export', () => {
  const idOf = {
    jsonl: (line: string): string => JSON.parse(line).event.id,
    cef: (line: string): string => /externalId=(\S+)/.exec(line)?.[1] ?? '',
  };
  const positionOf = {
    jsonl: (line: string): number => JSON.parse(line).event.position,
    cef: (line: string): number => Number(/ cn1=(\d+)/.exec(line)?.[1]),
  };
  const exported = () =>
    server.database.query(`SELECT details FROM audit_events WHERE type = 'audit.exported' ORDER BY at DESC, id DESC`);

  test.each(['jsonl', 'cef'] as const)(
    '--format %s prints each sealed event in its place, from a time on where one is given, and is an event with its count',
    async (format) => {
      const sealed: { id: string; position: number; at: Date }[] = await server.database.query(
        `SELECT event_id AS id, position::int, sealed_at AS at FROM audit_positions p JOIN audit_seals s ON s.id = p.seal_id
         ORDER BY position`,
      );
      for (const [words, fits] of [
        ['', () => true],
        [` --since ${since}`, ({ at }: { at: Date }) => at.toISOString() >= since],
      ] as const) {
        const { code, out } = await gatehouse(`audit export --format ${format}${words}`);
        expect(code).toBe(0);
        const lines = out.trim().split('\n');
        // More may have been sealed since the look.
        const known = sealed.filter(fits);
        expect(known.length).toBeGreaterThan(0);
        expect(lines.slice(0, known.length).map((line) => [positionOf[format](line), idOf[format](line)])).toEqual(
          known.map(({ id, position }) => [position, id]),
        );
        expect(await exported()).toContainEqual({ details: { format: format.toUpperCase(), events: lines.length } });
      }
      expect(sealed.filter(({ at }) => at.toISOString() < since).length).toBeGreaterThan(0);
    },
  );

  test('stops with an error at a batch that was changed, and prints none of it', async () => {
    const { code, out, err } = await damaged(halves.early, () => gatehouse('audit export --format jsonl'));
    expect([code, out, err]).toEqual([
      1,
      expect.not.stringContaining(halves.early),
      expect.stringContaining('is broken'),
    ]);
  });
});

describe('audit prove', () => {
  test('is an event, by the operator', async () => {
    expect((await gatehouse(`audit prove ${halves.early}`)).code).toBe(0);
    const told = await server.database.query(
      `SELECT actor_kind AS actor, details FROM audit_events WHERE type = 'audit.exported' ORDER BY at DESC, id DESC`,
    );
    expect(told).toContainEqual({ actor: 'OPERATOR', details: { format: 'PROOF', events: 1 } });
  });

  test('proves the event of that id, and nothing of a batch that was changed or put together anew', async () => {
    for (const id of [halves.early, halves.late]) {
      const { event } = JSON.parse((await gatehouse(`audit prove ${id}`)).out);
      expect(event.id).toBe(id);
    }
    const { code, out, err } = await damaged(halves.early, () => gatehouse(`audit prove ${halves.early}`));
    expect([code, out, err]).toEqual([1, '', expect.stringContaining('is broken')]);
  });
});
