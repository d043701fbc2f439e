import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HeadFile } from '../../src/audit/head-file.ts';
import { HeadKeeper } from '../../src/audit/head-keeper.ts';
import { findNewestSeal } from '../../src/audit/seals.repository.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type AuditDatabase, auditDatabase, newHeadPath } from '../support/audit-database.ts';
import { recordingLogger } from '../support/recording-logger.ts';

let db: AuditDatabase;
beforeAll(async () => {
  db = await auditDatabase();
  await db.sealer().load();
});
afterAll(() => db.close());

const record = () =>
  db.database.transaction((tx) =>
    db.trail.record(tx, { type: 'audit.overflowed', by: { kind: 'SYSTEM' }, details: { dropped: 1 } }),
  );
const newest = () => findNewestSeal(db.database.manager);

describe('the newest head', () => {
  test('stands in the file of every node, also of one that sealed nothing', async () => {
    const [one, two] = [newHeadPath(), newHeadPath()];
    await record();
    await db.sealer({ headPath: one }).step();
    await db.sealer({ headPath: two }).step();
    const { head } = (await newest()) ?? { head: '' };
    expect([one, two].map((path) => readFileSync(path, 'utf8'))).toEqual([`${head}\n`, `${head}\n`]);
  });

  test('is logged by a server, and by no command: whoever typed that reads its output', async () => {
    const logger = recordingLogger();
    const heads = () => logger.lines.filter(({ facts }) => 'head' in facts).length;
    await record();
    await db.sealer({ logger }).stop();
    expect(heads()).toBe(0);
    const server = db.sealer({ logger });
    server.start();
    await record();
    await server.stop();
    expect(heads()).toBe(1);
  });

  test('is not written over one that the database has lost', async () => {
    const path = newHeadPath();
    writeFileSync(path, 'a.head.lost');
    const logger = recordingLogger();
    const sealer = db.sealer({ headPath: path, logger });
    await record();
    await sealer.step();
    await sealer.step();
    expect(readFileSync(path, 'utf8')).toBe('a.head.lost');
    expect(JSON.stringify(logger.lines)).toContain('rolled back');
  });

  test('follows each batch, is logged once a minute, and stays where the database has lost it while the node runs', async () => {
    const [path, logger] = [newHeadPath(), recordingLogger()];
    const keeper = new HeadKeeper({ ...db, logger, headFile: new HeadFile(path, systemRandom) });
    const sealed = async () => {
      await record();
      await db.sealer().step();
      await keeper.keep(db.database.manager, { logs: true });
      return (await newest()) ?? { id: 0, head: '' };
    };
    const levels = () => logger.lines.map(({ level }) => level);
    for (const seconds of [0, 59]) {
      db.clock.advanceSeconds(seconds);
      expect(`${(await sealed()).head}\n`).toBe(readFileSync(path, 'utf8'));
      expect(levels()).toEqual(['info']);
    }
    db.clock.advanceSeconds(1);
    const { id, head } = await sealed();
    expect(levels()).toEqual(['info', 'info']);
    await db.clone.asHostile(
      'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_positions WHERE seal_id = $1)',
      [id],
    );
    await db.clone.asHostile('DELETE FROM audit_positions WHERE seal_id = $1', [id]);
    await db.clone.asHostile('DELETE FROM audit_seals WHERE id = $1', [id]);
    for (let batch = 0; batch < 2; batch += 1) expect((await sealed()).head).not.toBe(head);
    expect(readFileSync(path, 'utf8')).toBe(`${head}\n`);
    expect(levels()).toEqual(['info', 'info', 'error']);
  });
});
