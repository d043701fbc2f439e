import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acknowledgeRestore } from '../../src/audit/acknowledge-restore.ts';
import { toName } from '../../src/audit/event-details.ts';
import { type Head, hashHead, signHead } from '../../src/audit/head.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { auditSigner } from '../../src/crypto/audit-keys.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { keyringOf } from '../support/keyrings.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;
const OPERATOR = { kind: 'OPERATOR', id: toName('command-line') } as const;

let db: AuditDatabase;
/** Of the batches 1 to 4; the last two are lost to a restore. */
let heads: [string, string, string, string];
beforeEach(async () => {
  db = await auditDatabase();
  const sealer = db.sealer();
  for (let batch = 1; batch <= 4; batch += 1) {
    db.clock.advanceSeconds(1);
    await db.trail.record(db.database.manager, {
      type: 'session.ended',
      by: { kind: 'ANONYMOUS' },
      details: { session },
    });
    await sealer.step();
  }
  const seals = await db.database.query('SELECT head FROM audit_seals ORDER BY id');
  const [one = '', two = '', three = '', four = ''] = seals.map(({ head }: { head: string }) => head);
  heads = [one, two, three, four];
  await db.clone.asHostile(
    'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_positions WHERE seal_id > 2)',
  );
  await db.clone.asHostile('DELETE FROM audit_positions WHERE seal_id > 2');
  await db.clone.asHostile('DELETE FROM audit_seals WHERE id > 2');
});
afterEach(() => db.close());

const acknowledge = (given: readonly string[]) => acknowledgeRestore({ ...db, audit: db.trail }, OPERATOR, given);
const told = () =>
  db.database.query(
    `SELECT actor_kind AS actor, details FROM audit_events WHERE type = 'audit.restore_acknowledged' ORDER BY at, id`,
  );
const verify = async (kept: readonly string[]) =>
  (await verifyTrail(db.database.manager, { ...db, heads: kept })).broken?.fault;

describe('a restore that an operator acknowledges', () => {
  test.each([
    ['the newest of them first', [3, 2, 0]],
    ['the newest of them last', [0, 2, 3]],
  ])('is told to the trail with the newest head that was given, %s, and excuses those before it', async (_, order) => {
    const [, , third, fourth] = heads;
    expect(await verify([third, fourth])).toBe('ROLLED_BACK');
    const lost = await acknowledge(order.map((at) => heads[at] ?? ''));
    expect(lost).toMatchObject({ seal: 4, firstPosition: 5, lastPosition: 5 });
    const details = { lostBatch: 4, lostHead: hashHead(fourth).toString('base64url') };
    expect(await told()).toEqual([{ actor: 'OPERATOR', details }]);
    expect(await verify(heads)).toBeUndefined();
  });

  test('excuses no batch after the one whose head was given', async () => {
    const [, , third, fourth] = heads;
    await acknowledge([third]);
    expect(await told()).toMatchObject([{ details: { lostBatch: 3 } }]);
    expect(await verify([third])).toBeUndefined();
    expect(await verify([third, fourth])).toBe('ROLLED_BACK');
  });

  test('goes by no head that another key signed, whatever number that has', async () => {
    const forged = signHead(auditSigner(keyringOf('forger'), 'a1'), { seal: 9 } as unknown as Head);
    expect(await acknowledge([forged, heads[3], forged])).toMatchObject({ seal: 4 });
    expect(await told()).toMatchObject([{ details: { lostBatch: 4 } }]);
  });

  test.each<[string, () => readonly string[], string]>([
    ['by no head', () => [], 'There is no head'],
    ['by what is no head', () => ['a.head.lost'], 'There is no head'],
    ['by a head that the database has', () => [heads[1], heads[0]], 'nothing is lost'],
  ])('is not told %s', async (_, given, reason) => {
    await expect(acknowledge(given())).rejects.toThrow(reason);
    expect(await told()).toEqual([]);
  });
});
