import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, until } from '../support/account-acts.ts';
import { ManualClock } from '../support/clock.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal } from '../support/terminal.ts';

let clone: TestDatabase;
let dataDir: string;
let server: TestServer;
beforeAll(async () => {
  clone = await cloneDatabase();
  dataDir = mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'reveal-'));
  const [serverUrl, ownerUrl] = [clone.serverUrl.reveal(), clone.ownerUrl.reveal()];
  const clock = new ManualClock(new Date());
  server = await startTestServer({}, { serverUrl, ownerUrl, dataDir, publicUrl: 'http://localhost:4000', clock });
});
afterAll(async () => {
  await server.stop();
  await clone.drop();
  rmSync(dataDir, { recursive: true });
});

const gatehouse = (typed: string) =>
  runInTerminal(typed.split(' '), {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DATABASE_URL: clone.serverUrl.reveal(),
    MIGRATION_DATABASE_URL: clone.ownerUrl.reveal(),
    LOG_LEVEL: 'error',
  });

interface Opening {
  readonly name: string;
  readonly salt?: string;
  readonly value?: string;
  readonly erased?: true;
}

/** What `audit prove ID --reveal` prints. */
async function reveal(id: string): Promise<{ openings: Opening[] }> {
  const { code, out } = await gatehouse(`audit prove ${id} --reveal`);
  expect(code).toBe(0);
  return JSON.parse(out);
}

/** What the stand-alone verifier says of a proof. */
async function check(proof: object): Promise<string> {
  const file = join(dataDir, 'proof.json');
  writeFileSync(file, JSON.stringify(proof));
  const root = JSON.parse(readFileSync(join(dataDir, 'keyring.json'), 'utf8')).auditRoot;
  return promisify(execFile)(process.execPath, ['docs/verify-audit-proof.mjs', file, root]).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => /^Error: (NOT PROVED: .*)/m.exec(stderr)?.[1] ?? stderr,
  );
}

/** The newest event of a type, once there is one and all are sealed. */
async function sealedEvent(type: string): Promise<string> {
  let id = '';
  await until(`${type} was written and sealed`, async () => {
    const [found] = await server.database.query(
      `SELECT id FROM audit_events WHERE type = $1 AND NOT EXISTS (SELECT FROM audit_unsealed) ORDER BY id DESC LIMIT 1`,
      [type],
    );
    id = found?.id ?? '';
    return id !== '';
  });
  return id;
}
/** Somebody who logs in later than all before, so that the newest login is theirs. */
function person(email: string) {
  server.clock.advance(1);
  return server.person(email);
}
const told = (type: string) =>
  server.database.query(
    `SELECT actor_kind AS actor, subject_id AS subject, details FROM audit_events WHERE type = $1 ORDER BY at, id`,
    [type],
  );

describe('audit prove --reveal', () => {
  test('shows what is personal in an event, which the verifier holds against the proved bytes, and is an event itself', async () => {
    await person('ada@example.com');
    const id = await sealedEvent('session.created');
    expect(JSON.parse((await gatehouse(`audit prove ${id}`)).out)).not.toHaveProperty('openings');
    expect(await told('audit.revealed')).toEqual([]);
    const proof = await reveal(id);
    const [origin, ...others] = proof.openings;
    expect(others).toEqual([]);
    expect(origin).toEqual({ name: 'origin', salt: expect.any(String), value: expect.any(String) });
    expect(JSON.parse(origin?.value ?? '')).toEqual({ ip: '127.0.0.1', userAgent: 'node' });
    expect(await check(proof)).toContain(`PROVED: ${id} `);
    expect(await check(proof)).toContain(`, origin ${origin?.value}, position`);
    const revealed = { actor: 'OPERATOR', subject: id, details: { fields: ['origin'] } };
    expect(await told('audit.revealed')).toEqual([revealed]);
  });

  test('shows an address that somebody typed, under the key of its day', async () => {
    await login(server.anyone, 'nobody@example.com', 'a wrong guess');
    const id = await sealedEvent('login.failed');
    const proof = await reveal(id);
    const values = Object.fromEntries(proof.openings.map(({ name, value }) => [name, JSON.parse(value ?? 'null')]));
    const address = 'nobody@example.com';
    expect(values).toEqual({ origin: { ip: '127.0.0.1', userAgent: 'node' }, subject: { address } });
    expect(await check(proof)).toContain(`, subject {"address":"${address}"}, position`);
  });

  test('proves no other value, no other random bytes, and no field that the event has not', async () => {
    const proof = await reveal(await sealedEvent('session.created'));
    const [origin] = proof.openings;
    const { salt = '', value = '' } = origin ?? {};
    const longer = Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(value.slice(0, 1))]);
    const forged: Opening[] = [
      { name: 'origin', salt, value: value.replace('127.0.0.1', '192.0.2.1') },
      { name: 'origin', salt: Buffer.alloc(32).toString('base64url'), value },
      // The same bytes in all, cut elsewhere.
      { name: 'origin', salt: longer.toString('base64url'), value: value.slice(1) },
      { name: 'subject', salt, value },
      { name: 'actor', salt, value },
      { name: 'origin', value },
    ];
    for (const opening of forged) {
      const verdict = await check({ ...proof, openings: [opening] });
      expect(verdict).toBe(`NOT PROVED: the ${opening.name}`);
    }
  });

  test('says that a value is erased with its person, and the event is still proved', async () => {
    const bob = await person('bob@example.com');
    const id = await sealedEvent('session.created');
    const erased = await bob.client.send('mutation { eraseMe(input: { confirmEmail: "bob@example.com" }) { erased } }');
    expect(erased.errors).toEqual([]);
    const proof = await reveal(id);
    expect(proof.openings).toEqual([{ name: 'origin', erased: true }]);
    expect(await check(proof)).toMatch(new RegExp(`^PROVED: ${id} .*, actor ${bob.userId}`));
    expect(await check(proof)).toContain(', origin erased, position');
    expect((await told('audit.revealed')).at(-1)).toEqual({
      actor: 'OPERATOR',
      subject: id,
      details: { fields: [] },
    });
  });

  test.each([
    ['changed', `'\\x00'`],
    ['lost', 'NULL'],
  ])('shows nothing where a sealed value was %s, says so, and tells the trail', async (how, damage) => {
    await person(`${how}@example.com`);
    const id = await sealedEvent('session.created');
    await clone.asHostile(`UPDATE audit_events SET origin = ${damage} WHERE id = $1`, [id]);
    const { code, out, err } = await gatehouse(`audit prove ${id} --reveal`);
    expect([code, out, err]).toEqual([
      1,
      '',
      expect.stringContaining(`audit_events.origin of row ${id} does not open`),
    ]);
    expect((await told('seal.broken')).at(-1)).toEqual({
      actor: 'OPERATOR',
      subject: id,
      details: { table: 'audit_events', column: 'origin' },
    });
    expect((await gatehouse(`audit prove ${id}`)).code).toBe(0);
  });
});

test('audit prove --reveal says that a value is erased with the key of its day', async () => {
  const id = await sealedEvent('login.failed');
  await clone.asHostile('DELETE FROM day_keys');
  const gone = ['origin', 'subject'].map((name) => ({ name, erased: true }));
  expect((await reveal(id)).openings).toEqual(gone);
});

describe('where the trail takes no event of it', () => {
  beforeAll(async () => {
    await server.database.query(
      `CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no room''; END'`,
    );
    await server.database.query(
      `CREATE TRIGGER refuse_event BEFORE INSERT ON audit_events FOR EACH ROW
       WHEN (NEW.type IN ('audit.revealed', 'audit.exported')) EXECUTE FUNCTION refuse_event()`,
    );
  });
  afterAll(() => server.database.query('DROP FUNCTION refuse_event CASCADE'));

  test.each(['audit prove ID', 'audit prove ID --reveal', 'audit export --format jsonl', 'audit export --format cef'])(
    '%s shows nothing',
    async (typed) => {
      const id = await sealedEvent('login.failed');
      expect(await gatehouse(typed.replace('ID', id))).toMatchObject({ code: 1, out: '' });
    },
  );
});
