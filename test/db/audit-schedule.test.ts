import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HeadFile } from '../../src/audit/head-file.ts';
import { ScheduledVerification } from '../../src/audit/scheduled-verification.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type AuditDatabase, auditDatabase, newHeadPath } from '../support/audit-database.ts';
import { silentLogger } from '../support/silent-logger.ts';

const HOUR = 3_600;

let db: AuditDatabase;
let headPath: string;
beforeAll(async () => {
  db = await auditDatabase();
  headPath = newHeadPath();
  await db.sealer({ headPath }).step();
});
afterAll(() => db.close());

const node = () =>
  new ScheduledVerification({
    ...db,
    audit: db.trail,
    logger: silentLogger,
    headFile: new HeadFile(headPath, systemRandom),
    everySeconds: HOUR,
  });
const verdicts = (): Promise<{ type: string; subject: string | null }[]> =>
  db.database.query(
    `SELECT type, subject_id AS subject FROM audit_events WHERE type IN ('audit.verified', 'audit.broken') ORDER BY at, id`,
  );

test('nodes verify in turn, as often as is set, once between them, and record the verdict', async () => {
  const nodes = [node(), node(), node()];
  const look = () => Promise.all(nodes.map((each) => each.step()));
  await look();
  expect(await verdicts()).toEqual([]);
  db.clock.advanceSeconds(61);
  await db.sealer({ headPath }).step();
  await look();
  await look();
  expect(await verdicts()).toEqual([{ type: 'audit.verified', subject: null }]);
  db.clock.advanceSeconds(HOUR);
  await db.sealer({ headPath }).step();
  await look();
  expect(await verdicts()).toHaveLength(2);
});

test('a node that stops leaves its verification to another, with no verdict and no complaint', async () => {
  const [stopping, other] = [node(), node()];
  db.clock.advanceSeconds(HOUR);
  await db.sealer({ headPath }).step();
  const before = (await verdicts()).length;
  await stopping.stop();
  await stopping.step();
  expect(await verdicts()).toHaveLength(before);
  await other.step();
  expect((await verdicts()).slice(before)).toEqual([{ type: 'audit.verified', subject: null }]);
});

test('what is wrong is recorded with the event that it is wrong with', async () => {
  db.clock.advanceSeconds(1);
  const [{ id }] = await db.database.query('SELECT event_id AS id FROM audit_positions WHERE position = 2');
  await db.clone.asHostile(`UPDATE audit_events SET outcome = 'DENIED' WHERE id = $1`, [id]);
  await db.database.transaction((tx) => node().verify(tx));
  expect((await verdicts()).at(-1)).toEqual({ type: 'audit.broken', subject: id });
  await db.clone.asHostile(`UPDATE audit_events SET outcome = 'SUCCESS' WHERE id = $1`, [id]);
});

test('the head in DATA_DIR is held against the database each time', async () => {
  db.clock.advanceSeconds(1);
  writeFileSync(headPath, 'a.head.lost');
  await db.database.transaction((tx) => node().verify(tx));
  expect((await verdicts()).at(-1)?.type).toBe('audit.broken');
});
