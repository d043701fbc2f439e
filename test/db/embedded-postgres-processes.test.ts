import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { isRunning } from '../../src/platform/postgres/process-mark.ts';
import { startOtherProcess } from '../support/other-process.ts';
import { ask, newDataDir, pidOf, refusal, UNSYNCED } from '../support/postgres-probe.ts';
import { silentLogger } from '../support/silent-logger.ts';

const start = (dataDir: string) => startEmbeddedPostgres({ dataDir, logger: silentLogger, settings: UNSYNCED });

/** Used by one test after the other: each leaves it whole, and with nothing running. */
let dataDir: string;
beforeAll(() => {
  dataDir = newDataDir();
});

/** The PostgreSQL of a DATA_DIR and all its processes. */
function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return [pid, ...children.filter((text) => text !== '').map(Number)];
}

/** Some of them end by themselves when the first one is gone. */
function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

describe('after a kill -9 of the process that started it', () => {
  test('the next start finds PostgreSQL running and goes on, and its end stops it', async () => {
    const other = await startOtherProcess(dataDir);
    await ask(other.ownerUrl, 'CREATE TABLE things AS SELECT 7 AS id');
    await other.kill();
    const pid = pidOf(dataDir);
    expect(isRunning(pid)).toBe(true);

    const next = await start(dataDir);
    expect(next.isOurs).toBe(false);
    expect(pidOf(dataDir)).toBe(pid);
    expect(await ask(next.ownerUrl.reveal(), 'SELECT id FROM things')).toEqual([{ id: 7 }]);
    await next.stop();
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(join(dataDir, 'postgres-users'))).toEqual([]);
  });

  test('and of PostgreSQL too, the next start recovers what was committed', async () => {
    const other = await startOtherProcess(dataDir);
    await ask(other.ownerUrl, 'CREATE TABLE many AS SELECT n AS id FROM generate_series(1, 1000) n');
    const family = familyOf(pidOf(dataDir));
    await other.kill();
    for (const pid of family) killHard(pid);
    const next = await start(dataDir);
    expect(next.isOurs).toBe(true);
    expect(await ask(next.ownerUrl.reveal(), 'SELECT count(*)::int AS n FROM many')).toEqual([{ n: 1000 }]);
    await next.stop();
  });

  test('a process number that now belongs to another process, of PostgreSQL or of a user, is nobody of ours', async () => {
    const first = await start(dataDir);
    const pidFile = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8');
    const pid = pidOf(dataDir);
    await first.stop();
    writeFileSync(join(dataDir, 'postgres/postmaster.pid'), pidFile.replace(String(pid), String(process.pid)));
    writeFileSync(join(dataDir, 'postgres-users', `${process.pid}-former`), `${process.pid} 1\n`);
    writeFileSync(join(dataDir, 'postgres.lock'), `${process.pid} 1\n`);
    const next = await start(dataDir);
    expect(next.isOurs).toBe(true);
    const now = pidOf(dataDir);
    await next.stop();
    expect(isRunning(now)).toBe(false);
  });
});

describe('side by side', () => {
  test('who joins does not stop it at their end', async () => {
    const server = await start(dataDir);
    const command = await startOtherProcess(dataDir);
    expect(command.isOurs).toBe(false);
    await command.end();
    expect(await refusal(server.serverUrl.reveal())).toBe('none');
    await server.stop();
  });

  test('who started it does not stop it under those who joined, and the last one does', async () => {
    const command = await startOtherProcess(dataDir);
    const server = await start(dataDir);
    expect([command.isOurs, server.isOurs]).toEqual([true, false]);
    const pid = pidOf(dataDir);
    await command.end();
    expect(await refusal(server.serverUrl.reveal())).toBe('none');
    await server.stop();
    expect(isRunning(pid)).toBe(false);
  });

  test('three first starts at once make one database', async () => {
    const fresh = newDataDir();
    const [one, two, three] = await Promise.all([startOtherProcess(fresh), startOtherProcess(fresh), start(fresh)]);
    expect([one.isOurs, two.isOurs, three.isOurs].filter((isOurs) => isOurs)).toHaveLength(1);
    expect(new Set([one.ownerUrl, two.ownerUrl, three.ownerUrl.reveal()]).size).toBe(1);
    const pid = pidOf(fresh);
    await Promise.all([one.end(), three.stop()]);
    expect(await refusal(two.ownerUrl)).toBe('none');
    await two.end();
    expect(isRunning(pid)).toBe(false);
  });

  test('PostgreSQL gets nothing of the environment of who starts it', async () => {
    const other = await startOtherProcess(dataDir);
    const environment = readFileSync(`/proc/${pidOf(dataDir)}/environ`, 'utf8');
    expect(environment).toContain('TZ=UTC');
    expect(environment).not.toContain('not-for-children');
    await other.end();
  });
});
