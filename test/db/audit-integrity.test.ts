import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { HeadFile } from '../../src/audit/head-file.ts';
import { readIntegrity } from '../../src/audit/integrity.ts';
import { ScheduledVerification } from '../../src/audit/scheduled-verification.ts';
import { generateKeyring } from '../../src/crypto/keyring.ts';
import { openDatabase } from '../../src/platform/database.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type AuditDatabase, auditDatabase, newHeadPath } from '../support/audit-database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { runInTerminal } from '../support/terminal.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;

describe('what is known of the trail without reading all of it', () => {
  let db: AuditDatabase;
  let headPath: string;
  let headFile: HeadFile;
  beforeEach(async () => {
    db = await auditDatabase();
    headPath = newHeadPath();
    headFile = new HeadFile(headPath, systemRandom);
    await seal();
  });
  afterEach(() => db.close());

  const record = () =>
    db.trail.record(db.database.manager, { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } });
  const seal = () => db.sealer({ headPath }).step();
  const verify = async () => {
    db.clock.advanceSeconds(1);
    const parts = { ...db, audit: db.trail, logger: silentLogger, headFile, everySeconds: 1 };
    await new ScheduledVerification(parts).verify(db.database.manager);
    await seal();
  };
  const integrity = (database: DataSource = db.database) => readIntegrity({ ...db, headFile, database });

  test('is the last verdict, whichever came before it', async () => {
    expect(await integrity()).toMatchObject({ intact: true, verifiedAt: null, firstBrokenId: null });
    const event = await record();
    await seal();
    await db.clone.asHostile(`UPDATE audit_events SET node = 'elsewhere' WHERE id = $1`, [event]);
    await verify();
    expect(await integrity()).toMatchObject({ intact: false, verifiedAt: db.clock.now(), firstBrokenId: event });
    await db.clone.asHostile(`UPDATE audit_events SET node = 'node-1' WHERE id = $1`, [event]);
    await verify();
    expect(await integrity()).toMatchObject({ intact: true, verifiedAt: db.clock.now(), firstBrokenId: null });
  });

  test('is not a verdict that somebody planted: that one is what is broken', async () => {
    await verify();
    const [{ id }] = await db.database.query(`SELECT id FROM audit_events WHERE type = 'audit.verified'`);
    await db.clone.asHostile(`UPDATE audit_events SET at = at + interval '1 hour' WHERE id = $1`, [id]);
    expect(await integrity()).toMatchObject({ intact: false, firstBrokenId: id });
    // Nor one under an audit key that no server has.
    await db.clone.asHostile(`UPDATE audit_events SET audit_key_id = 'a9' WHERE id = $1`, [id]);
    expect(await integrity()).toMatchObject({ intact: false, firstBrokenId: id });
  });

  test('is broken as soon as the database lacks the head that this node has seen', async () => {
    const event = await record();
    await seal();
    await db.clone.asHostile('DELETE FROM audit_positions WHERE event_id = $1', [event]);
    await db.clone.asHostile('DELETE FROM audit_events WHERE id = $1', [event]);
    await db.clone.asHostile('DELETE FROM audit_seals WHERE id = (SELECT max(id) FROM audit_seals)');
    expect(await integrity()).toMatchObject({ intact: false, firstBrokenId: null });
    writeFileSync(headPath, '');
    expect(await integrity()).toMatchObject({ intact: true });
  });

  test('is broken as soon as an event has waited for its seal for over a minute, and names it', async () => {
    const event = await record();
    db.clock.advanceSeconds(60);
    expect(await integrity()).toMatchObject({ intact: true, firstBrokenId: null });
    db.clock.advanceSeconds(1);
    expect(await integrity()).toMatchObject({ intact: false, firstBrokenId: event });
  });

  test('tells whether the server’s role could change the trail', async () => {
    expect(await integrity()).toMatchObject({ singleRole: false });
    const owner = await openDatabase(dataSourceOptions, { url: db.clone.ownerUrl, pool: 1 });
    expect(await integrity(owner)).toMatchObject({ singleRole: true });
    await owner.destroy();
  });
});

describe('production', () => {
  let clone: TestDatabase;
  beforeEach(async () => {
    clone = await cloneDatabase();
  });
  afterEach(() => clone.drop());

  const start = (url: string, more: Record<string, string> = {}) =>
    runInTerminal(['migrate'], {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://accounts.example',
      DATABASE_URL: url,
      MIGRATION_DATABASE_URL: clone.ownerUrl.reveal(),
      KEYRING: generateKeyring({ development: false, random: systemRandom }),
      MAIL_URL: 'smtps://u:p@mail.example',
      TRUSTED_PROXIES: '10.0.0.0/8',
      DATA_DIR: `${newHeadPath()}.data`,
      LOG_LEVEL: 'error',
      ...more,
    });

  test('starts with a role that owns nothing', async () => {
    expect(await start(clone.serverUrl.reveal())).toMatchObject({ code: 0, err: '' });
  });

  test('refuses to serve as the owner of the audit trail or as a superuser, unless that is accepted by name', async () => {
    const superuser = new URL(process.env['TEST_POSTGRES_ADMIN_URL'] ?? '');
    superuser.pathname = new URL(clone.ownerUrl.reveal()).pathname;
    for (const url of [clone.ownerUrl.reveal(), superuser.href]) {
      const { code, err } = await start(url);
      expect([code, err]).toEqual([1, expect.stringMatching(/connects as "\w+", which could change the audit trail/)]);
    }
    expect((await start(clone.ownerUrl.reveal(), { AUDIT_SINGLE_ROLE: 'accept' })).code).toBe(0);
  });
});
