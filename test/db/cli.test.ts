import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../support/clock.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, type Typing } from '../support/terminal.ts';

let server: TestServer;
let env: Readonly<Record<string, string>>;
let dataDir: string;
let drop: () => Promise<void>;
let asHostile: TestDatabase['asHostile'];

beforeAll(async () => {
  const database = await cloneDatabase();
  drop = database.drop;
  asHostile = database.asHostile;
  dataDir = mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'cli-'));
  const [serverUrl, ownerUrl] = [database.serverUrl.reveal(), database.ownerUrl.reveal()];
  server = await startTestServer(
    {},
    { serverUrl, ownerUrl, dataDir, publicUrl: 'http://localhost:4000', clock: new ManualClock(new Date()) },
  );
  env = {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DATABASE_URL: serverUrl,
    MIGRATION_DATABASE_URL: ownerUrl,
    LOG_LEVEL: 'error',
    ARGON2_MEMORY_KIB: '64',
    ARGON2_PASSES: '1',
  };
});
afterAll(async () => {
  await server.stop();
  await drop();
  rmSync(dataDir, { recursive: true });
});

const gatehouse = (typed: string, typing?: Typing) => runInTerminal(typed.split(' '), env, typing);
const usersNow = async () => Number((await server.database.query('SELECT count(*) FROM users'))[0].count);

describe('users create', () => {
  test('beside a running server makes an active, verified user with roles, who then logs in', async () => {
    const made = await gatehouse('users create --email ada@example.com --role admin --password-stdin', {
      piped: `${PASSWORD}\n`,
    });
    expect(made).toEqual({ code: 0, out: 'Made ada@example.com with the roles user, admin.\n', err: '' });
    const { client } = await server.logIn('ada@example.com');
    const me = await client.send('{ me { email emailVerified status roles { name } } }');
    expect(me.data['me']).toMatchObject({ email: 'ada@example.com', emailVerified: true, status: 'ACTIVE' });
    expect(me.data['me'].roles.map(({ name }: { name: string }) => name).sort()).toEqual(['admin', 'user']);
  });

  test('writes an event of it, by the operator', async () => {
    const events = await server.database.query("SELECT actor_kind FROM audit_events WHERE type = 'user.created'");
    expect(events).toEqual([{ actor_kind: 'OPERATOR' }]);
  });

  test('takes the password as it comes from a pipe: only the end of its line is dropped', async () => {
    const spaced = ` ${PASSWORD} `;
    expect((await gatehouse('users create --email eve@example.com --password-stdin', { piped: spaced })).code).toBe(0);
    await expect(server.logIn('eve@example.com', spaced)).resolves.toBeDefined();
    await expect(server.logIn('eve@example.com', PASSWORD)).rejects.toThrow('INVALID_CREDENTIALS');
  });

  test('at a terminal asks twice, and shows nothing of what is typed', async () => {
    const made = await gatehouse('users create --email grace@example.com', {
      answers: [`${PASSWORD}\r`, `${PASSWORD}\r`],
    });
    expect(made).toEqual({
      code: 0,
      out: 'Made grace@example.com with the roles user.\n',
      err: 'Password: \nOnce more: \n',
    });
    await expect(server.logIn('grace@example.com')).resolves.toBeDefined();
  });

  test.each([
    ['two passwords that differ', '--email no@example.com', { answers: [`${PASSWORD}\r`, 'another one\r'] }, 'differ'],
    ['Ctrl-C', '--email no@example.com', { answers: ['correct\u0003'] }, 'No password was given'],
    ['no terminal', '--email no@example.com', {}, '--password-stdin'],
    ['a short password', '--email no@example.com --password-stdin', { piped: 'short\n' }, '15'],
    ['a password of the address', '--email no@example.com --password-stdin', { piped: 'no@example.comno@' }, 'address'],
    ['an address that has an account', '--email ADA@example.com --password-stdin', { piped: PASSWORD }, 'already'],
  ])('refuses %s with exit code 1, and makes nobody', async (_, options, typing, reason) => {
    const before = await usersNow();
    const { code, out, err } = await gatehouse(`users create ${options}`, typing);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(reason);
    expect(err).not.toContain(PASSWORD);
    expect(await usersNow()).toBe(before);
  });

  test.each([
    ['no address', '--role admin', '--email is missing'],
    ['what is no address', '--email nobody', '--email must be an e-mail address'],
    ['an unknown option', '--email no@example.com --colour red', '--colour'],
    ['a password among the words', '--email no@example.com --password secret', '--password'],
    ['a role that does not exist', '--email no@example.com --role king --password-stdin', 'no role king'],
  ])('refuses %s with exit code 2 and its help', async (_, options, reason) => {
    const before = await usersNow();
    const { code, out, err } = await gatehouse(`users create ${options}`, { piped: PASSWORD });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(reason);
    expect(err).toContain('Usage: gatehouse users create');
    expect(await usersNow()).toBe(before);
  });
});

const NAMES = [
  ...['serve', 'migrate', 'schema', 'users create', 'users assign-role', 'users unassign-role', 'users disable'],
  ...['users enable', 'sessions revoke', 'roles list', 'typeorm'],
];

describe('the commands', () => {
  test('migrate, beside a running server, finds nothing to do and leaves it running', async () => {
    expect(await gatehouse('migrate')).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' });
    expect((await server.anyone.send('{ serverInfo { version } }')).errors).toEqual([]);
  });

  test('schema prints the schema, without any setting', async () => {
    const { code, out, err } = await runInTerminal(['schema'], {});
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('type Query {');
  });

  test('those of one group alone where its name was typed', async () => {
    for (const [typed, code] of [
      ['users', 2],
      ['users frobnicate', 2],
      ['users --help', 0],
    ] as const) {
      const said = await runInTerminal(typed.split(' '), {});
      expect(said.code).toBe(code);
      expect(said.out + said.err).toMatch(/^ {2}users disable /m);
      expect(said.out + said.err).not.toContain('keys list');
    }
  });

  test.each(['--help', '-h', 'help', 'nonsense --help'])('%s lists them all', async (typed) => {
    const { code, out, err } = await gatehouse(typed);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of NAMES) {
      expect(out).toContain(`\n  ${name} `);
    }
  });

  test.each(['--version', '-v'])('%s tells the version of the package', async (typed) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await gatehouse(typed)).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test.each(NAMES)('%s has help of its own', async (name) => {
    const { code, out, err } = await runInTerminal([...name.split(' '), '--help'], {});
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: ');
  });

  test.each(['nonsense', 'users', 'users destroy', 'migrate now', 'schema --all', 'serve fast'])(
    'refuses "%s" with exit code 2',
    async (typed) => {
      const { code, out, err } = await gatehouse(typed);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('Usage: gatehouse');
    },
  );

  test.each(['serve', 'migrate', 'users create --email no@example.com --password-stdin', 'typeorm migration:show'])(
    '%s names all settings that are wrong, and starts nothing',
    async (typed) => {
      const wrong = { ...env, PORT: 'many', REGISTRATION: 'maybe', DATABASE_URL: 'http://db' };
      const { code, out, err } = await runInTerminal(typed.split(' '), wrong, { piped: PASSWORD });
      expect({ code, out }).toEqual({ code: 1, out: '' });
      for (const name of ['PORT', 'REGISTRATION', 'DATABASE_URL']) expect(err).toContain(name);
    },
  );
});

describe('audit verify', () => {
  test('beside a running server says that the trail is intact, and names its newest head', async () => {
    const { code, out, err } = await gatehouse('audit verify');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Intact: \d+ sealed events\.\nNewest head: eyJ[\w.-]+\n$/);
  });

  test('exits 1 and names the first broken event', async () => {
    const [{ id }] = await server.database.query(
      'SELECT event_id AS id FROM audit_positions ORDER BY position LIMIT 1',
    );
    const change = (outcome: string) => asHostile('UPDATE audit_events SET outcome = $1 WHERE id = $2', [outcome, id]);
    await change('DENIED');
    const { code, out } = await gatehouse('audit verify');
    await change('SUCCESS');
    expect(code).toBe(1);
    expect(out).toContain('BROKEN (CHANGED)');
    expect(out).toContain(`First broken event: ${id}\n`);
  });

  test('holds the database to a head from a file, or from a log', async () => {
    const kept = join(dataDir, 'audit-head');
    const log = join(dataDir, 'some.log');
    writeFileSync(log, `{"level":30,"head":"${readFileSync(kept, 'utf8').trim()}","msg":"the newest head"}\n`);
    expect((await gatehouse(`audit verify --head ${log} --head ${kept}`)).code).toBe(0);
    writeFileSync(log, 'nothing');
    expect((await gatehouse(`audit verify --head ${log}`)).err).toContain('no head of an audit trail');
    expect((await gatehouse(`audit acknowledge-restore --head ${kept}`)).err).toContain('nothing is lost');
  });

  test('holds it to the newest head of this DATA_DIR, and after a restore that was acknowledged to those since', async () => {
    const kept = join(dataDir, 'audit-head');
    const [{ id, head }] = await server.database.query('SELECT id, head FROM audit_seals ORDER BY id DESC LIMIT 1');
    writeFileSync(kept, head);
    await asHostile('DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_positions WHERE seal_id = $1)', [
      id,
    ]);
    await asHostile('DELETE FROM audit_positions WHERE seal_id = $1', [id]);
    await asHostile('DELETE FROM audit_seals WHERE id = $1', [id]);
    const lost = await gatehouse('audit verify');
    expect([lost.code, lost.out]).toEqual([1, expect.stringContaining('BROKEN (ROLLED_BACK)')]);
    const { out } = await gatehouse(`audit acknowledge-restore --head ${kept}`);
    expect(out).toMatch(new RegExp(`^Acknowledged: batches up to ${id} `));
    expect((await gatehouse('audit verify')).code).toBe(0);
  });

  test.each(['audit verify --since yesterday', 'audit verify --what', 'audit acknowledge-restore'])(
    'refuses the words of: %s',
    async (typed) => {
      expect((await gatehouse(typed)).code).toBe(2);
    },
  );
});

describe('audit prove and audit export', () => {
  /** What the stand-alone verifier says of a proof, run as a third party runs it. */
  async function check(proof: string, fingerprint: string): Promise<string> {
    const file = join(dataDir, 'proof.json');
    writeFileSync(file, proof);
    const done = promisify(execFile)(process.execPath, ['docs/verify-audit-proof.mjs', file, fingerprint]);
    return done.then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => /^Error: (NOT PROVED: .*)/m.exec(stderr)?.[1] ?? stderr,
    );
  }
  const auditRoot = () => JSON.parse(readFileSync(join(dataDir, 'keyring.json'), 'utf8')).auditRoot;

  test('prove any event to whoever has the fingerprint alone', async () => {
    const rows = await server.database.query(
      'SELECT event_id AS id, position FROM audit_positions ORDER BY position DESC LIMIT 3',
    );
    for (const { id, position } of rows) {
      const { code, out, err } = await gatehouse(`audit prove ${id}`);
      expect({ code, err }).toEqual({ code: 0, err: `Fingerprint of the first audit key: ${auditRoot()}\n` });
      const verdict = await check(out, auditRoot());
      expect(verdict).toContain(`PROVED: ${id} `);
      expect(verdict).toContain(`position ${position}, `);
    }
  });

  test('export every sealed event with a proof of its own, from a time on, and record that', async () => {
    const sealed = async (): Promise<number> =>
      (await server.database.query('SELECT count(*)::int AS count FROM audit_positions'))[0].count;
    const before = await sealed();
    const { out } = await gatehouse('audit export --format jsonl');
    const after = await sealed();
    const lines = out.trim().split('\n');
    expect(before).toBeGreaterThan(2);
    // The server goes on sealing meanwhile.
    expect(lines.length).toBeGreaterThanOrEqual(before);
    expect(lines.length).toBeLessThanOrEqual(after);
    for (const line of lines.slice(-3))
      expect(await check(line, auditRoot())).toContain(`PROVED: ${JSON.parse(line).event.id} `);
    expect((await gatehouse('audit export --format jsonl --since 2100-01-01')).out).toBe('');
    const events = await server.database.query(
      `SELECT details FROM audit_events WHERE type = 'audit.exported' ORDER BY id`,
    );
    const details = events.map((event: { details: object }) => event.details);
    expect(details).toContainEqual({ format: 'JSONL', events: lines.length });
    expect(details).toContainEqual({ format: 'JSONL', events: 0 });
  });

  test('a proof of other bytes, another place, another head or another root proves nothing', async () => {
    const lines = (await gatehouse('audit export --format jsonl')).out.trim().split('\n');
    const proofs = lines.map((line) => JSON.parse(line));
    const proof = proofs.find(({ size }) => size > 1);
    const [other] = proofs.filter(({ head }) => head !== proof.head);
    const bytes = `${proof.bytes.slice(0, -4)}AAAA`;
    const flipped = (jws: string) => jws.replace(/\.(.)/, (_, first) => `.${first === 'A' ? 'B' : 'A'}`);
    expect(await check(JSON.stringify(proof), auditRoot())).toContain('PROVED: ');
    for (const changed of [
      { bytes },
      { index: proof.index === 0 ? 1 : 0 },
      { index: proof.index + proof.size },
      { path: proof.path.slice(1) },
      { path: [...proof.path, proof.path[0]] },
      { head: other.head },
      { head: flipped(proof.head) },
      { keys: [] },
    ]) {
      expect(await check(JSON.stringify({ ...proof, ...changed }), auditRoot())).toMatch(/^NOT PROVED: /);
    }
    expect(await check(JSON.stringify(proof), `${auditRoot().slice(0, -1)}_`)).toContain('NOT PROVED: the first key');
  });

  test('speak Common Event Format to a SIEM', async () => {
    const { out } = await gatehouse('audit export --format cef');
    expect(out).toMatch(/^CEF:0\|Gatehouse\|Gatehouse\|1\|[\w.]+\|[^|]+\|\d\|rt=\d+ externalId=[0-9a-f-]{36} outcome=/);
  });

  test.each(['audit export', 'audit export --format xml', 'audit prove', 'audit prove not-an-id'])(
    'refuses the words of: %s',
    async (typed) => {
      expect((await gatehouse(typed)).code).toBe(2);
    },
  );

  test('say that an event is not there', async () => {
    const { code, err } = await gatehouse('audit prove 01930000-0000-7000-8000-0000000000ff');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('No sealed event has this id') });
  });
});
