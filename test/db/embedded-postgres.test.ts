import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { isRunning } from '../../src/platform/postgres/process-mark.ts';
import { until } from '../support/account-acts.ts';
import { ask, newDataDir, pidOf, refusal, UNSYNCED } from '../support/postgres-probe.ts';
import { silentLogger } from '../support/silent-logger.ts';

const start = (dataDir: string) => startEmbeddedPostgres({ dataDir, logger: silentLogger, settings: UNSYNCED });
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a first start', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    dataDir = newDataDir();
    postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger });
  });
  afterAll(() => postgres.stop());

  test('starts a PostgreSQL 18 that is ours', async () => {
    expect(postgres.isOurs).toBe(true);
    const [row] = await ask(
      postgres.ownerUrl.reveal(),
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    expect(row).toEqual({ major: 18 });
  });

  test('makes an owner and a server role, neither of them a superuser', async () => {
    const roles = await ask(
      postgres.adminUrl.reveal(),
      `SELECT rolname AS name, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS strong
       FROM pg_roles WHERE rolname LIKE 'gatehouse%' ORDER BY rolname`,
    );
    expect(roles).toEqual([
      { name: 'gatehouse_admin', strong: true },
      { name: 'gatehouse_owner', strong: false },
      { name: 'gatehouse_server', strong: false },
    ]);
  });

  test('lets the owner make tables, and the server neither make nor read them before it is granted', async () => {
    await ask(postgres.ownerUrl.reveal(), 'CREATE TABLE things (id int)');
    expect(await refusal(postgres.serverUrl.reveal(), 'CREATE TABLE others (id int)')).toBe('42501');
    expect(await refusal(postgres.serverUrl.reveal(), 'SELECT * FROM things')).toBe('42501');
    await ask(postgres.ownerUrl.reveal(), 'GRANT SELECT ON things TO gatehouse_server');
    expect(await ask(postgres.serverUrl.reveal(), 'SELECT * FROM things')).toEqual([]);
  });

  test('keeps the server out of the databases that are not its own', async () => {
    expect(await refusal(postgres.serverUrl.reveal().replace('/gatehouse?', '/postgres?'))).toBe('42501');
  });

  test('refuses a wrong password and a password of another role', async () => {
    const { password } = new URL(postgres.serverUrl.reveal());
    expect(await refusal(postgres.ownerUrl.reveal().replace(/:[^:@]+@/, ':wrong@'))).toBe('28P01');
    expect(await refusal(postgres.ownerUrl.reveal().replace(/:[^:@]+@/, `:${password}@`))).toBe('28P01');
  });

  test('listens on the loopback interface alone, and on no socket of the file system', async () => {
    const [row] = await ask(
      postgres.adminUrl.reveal(),
      `SELECT current_setting('listen_addresses') AS hosts, current_setting('unix_socket_directories') AS sockets`,
    );
    expect(row).toEqual({ hosts: '127.0.0.1', sockets: '' });
  });

  test('stores passwords as SCRAM verifiers and asks for nothing weaker', async () => {
    const admin = postgres.adminUrl.reveal();
    const stored = await ask(
      admin,
      `SELECT left(rolpassword, 14) AS kind FROM pg_authid WHERE rolpassword IS NOT NULL`,
    );
    expect(stored).toEqual(Array(3).fill({ kind: 'SCRAM-SHA-256$' }));
    expect(await ask(admin, 'SELECT DISTINCT type, auth_method FROM pg_hba_file_rules')).toEqual([
      { type: 'host', auth_method: 'scram-sha-256' },
    ]);
  });

  test('closes the directory and its secrets to everybody else', () => {
    expect(modeOf(dataDir)).toBe(0o700);
    expect(modeOf(join(dataDir, 'postgres'))).toBe(0o700);
    expect(modeOf(join(dataDir, 'postgres-passwords.json'))).toBe(0o600);
    expect(modeOf(join(dataDir, 'postgres.log'))).toBe(0o600);
  });

  test('writes no value of a failed statement to the log', async () => {
    expect(await refusal(postgres.ownerUrl.reveal(), `SELECT 'ada@example.org'::int`)).toBe('22P02');
    await ask(postgres.ownerUrl.reveal(), 'CREATE TABLE names (name text UNIQUE)');
    expect(await refusal(postgres.ownerUrl.reveal(), `INSERT INTO names VALUES ('ada@'), ('ada@')`)).toBe('23505');
    const log = readFileSync(join(dataDir, 'postgres.log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toContain('ada@');
  });

  test('runs PostgreSQL as somebody else than root, in a process group of its own', () => {
    const pid = pidOf(dataDir);
    const uid = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const me = process.geteuid?.();
    expect(uid === String(me)).toBe(me !== 0);
    expect(uid).not.toBe('0');
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[4]).toBe(String(pid));
  });

  test('joins itself: a second user in the same process neither starts nor stops anything', async () => {
    const second = await start(dataDir);
    expect(second.isOurs).toBe(false);
    expect(second.ownerUrl.reveal()).toBe(postgres.ownerUrl.reveal());
    await second.stop();
    expect(await ask(postgres.ownerUrl.reveal(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('later starts', () => {
  let dataDir: string;
  let url: string;

  beforeAll(async () => {
    dataDir = newDataDir();
    const first = await start(dataDir);
    url = first.ownerUrl.reveal();
    await ask(url, 'CREATE TABLE things AS SELECT 7 AS id');
    const pid = pidOf(dataDir);
    await first.stop();
    await first.stop();
    expect(isRunning(pid)).toBe(false);
  });

  test('find the data, the passwords and the port of the one before', async () => {
    const next = await start(dataDir);
    expect(next.isOurs).toBe(true);
    expect(next.ownerUrl.reveal()).toBe(url);
    expect(await ask(url, 'SELECT id FROM things')).toEqual([{ id: 7 }]);
    await next.stop();
  });

  test('bring PostgreSQL back on the same port when it ends by itself', async () => {
    const next = await start(dataDir);
    process.kill(pidOf(dataDir), 'SIGKILL');
    await until('it takes connections again', async () => (await refusal(url)) === 'none');
    await next.stop();
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
  });

  test('take another port where somebody has taken theirs', async () => {
    const { port } = new URL(url);
    const squatter = createServer().listen(Number(port), '127.0.0.1');
    await once(squatter, 'listening');
    const next = await start(dataDir);
    expect(new URL(next.ownerUrl.reveal()).port).not.toBe(port);
    await next.stop();
    squatter.close();
  });

  test('refuse passwords that are lost or of another database, and leave nothing running', async () => {
    const file = join(dataDir, 'postgres-passwords.json');
    const passwords = readFileSync(file, 'utf8');
    rmSync(file);
    await expect(start(dataDir)).rejects.toThrow('from a backup of DATA_DIR');
    writeFileSync(file, passwords.replace(/"server": "./, '"server": "_'));
    await expect(start(dataDir)).rejects.toThrow('from the same backup');
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false);
    writeFileSync(file, passwords);
  });

  test('refuse data of another major version, and say how to go on', async () => {
    writeFileSync(join(dataDir, 'postgres/PG_VERSION'), '17\n');
    await expect(start(dataDir)).rejects.toThrow(
      /written by PostgreSQL 17.*brings PostgreSQL 18.*pg_dump.*DATABASE_URL/,
    );
  });
});

test('something else in the place of the data is left as it is', async () => {
  const dataDir = newDataDir();
  mkdirSync(join(dataDir, 'postgres'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres/letter.txt'), 'dear');
  await expect(start(dataDir)).rejects.toThrow('something else than a PostgreSQL database');
  expect(readFileSync(join(dataDir, 'postgres/letter.txt'), 'utf8')).toBe('dear');
});

test('a directory that is shared by its nature is no DATA_DIR', async () => {
  const dataDir = newDataDir();
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o1777);
  await expect(start(dataDir)).rejects.toThrow('a directory of its own');
  expect(modeOf(dataDir)).toBe(0o777);
});

test('a first start closes an open DATA_DIR, sweeps a half-done one away, and ends also when somebody deletes it all', async () => {
  const dataDir = newDataDir();
  mkdirSync(join(dataDir, 'postgres.new-1'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres.new-1/half'), '');
  chmodSync(dataDir, 0o755);
  const postgres = await start(dataDir);
  expect(modeOf(dataDir)).toBe(0o700);
  expect(existsSync(join(dataDir, 'postgres.new-1'))).toBe(false);
  const pid = pidOf(dataDir);
  rmSync(dataDir, { recursive: true });
  await postgres.stop();
  expect(isRunning(pid)).toBe(false);
});
