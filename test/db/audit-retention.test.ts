import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dataSourceOptions } from '../../ormconfig.ts';
import { trustKeys } from '../../src/audit/audit-key-chain.ts';
import { readHead, signHead } from '../../src/audit/head.ts';
import { insertTombstone, setRetentionFloor } from '../../src/audit/retention.repository.ts';
import { oldAuditBatches } from '../../src/audit/retention.ts';
import { findAuditKeys } from '../../src/audit/seals.repository.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { auditSigner } from '../../src/crypto/audit-keys.ts';
import { openDatabase } from '../../src/platform/database.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { ManualClock } from '../support/clock.ts';
import { rotated } from '../support/keyrings.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;
const DAY = 86_400;

let db: AuditDatabase;
/** Three batches, a day between each two; the last is of now. */
beforeEach(async () => {
  db = await auditDatabase(new ManualClock(new Date(Date.now() - 2 * DAY * 1_000)));
  const sealer = db.sealer();
  for (let batch = 0; batch < 3; batch += 1) {
    if (batch > 0) db.clock.advanceSeconds(DAY);
    await record();
    await sealer.step();
  }
});
afterEach(() => db.close());

const record = () =>
  db.database.transaction((tx) =>
    db.trail.record(tx, { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } }),
  );
async function setFloor(days: number | undefined): Promise<void> {
  const owner = await openDatabase(dataSourceOptions, { url: db.clone.ownerUrl, pool: 1 });
  await setRetentionFloor(owner.manager, days).finally(() => owner.destroy());
}
const drop = (days: number, limit = 10, keyring = db.keyring) =>
  db.database.transaction((tx) =>
    oldAuditBatches({ keyring, audit: db.trail }, days).deleteBatch(tx, db.clock.now(), limit),
  );
const sealsLeft = async () =>
  (await db.database.query('SELECT id::int AS id FROM audit_seals ORDER BY id')).map(({ id }: { id: number }) => id);
const verify = async (heads: string[] = []) => (await verifyTrail(db.database.manager, { ...db, heads })).broken?.fault;
const call = (batch: number) => db.database.query('SELECT audit_drop_oldest($1)', [batch]);

describe('old batches of the trail', () => {
  test('go whole, oldest first, with a tombstone and an event each time, and the rest still verifies', async () => {
    await setFloor(1);
    expect(await drop(1, 1)).toBe(1);
    expect(await sealsLeft()).toEqual([2, 3]);
    expect(await verify()).toBeUndefined();
    await db.sealer().step();
    expect(await verify()).toBeUndefined();
    const events = await db.database.query(`SELECT details FROM audit_events WHERE type = 'audit.dropped'`);
    expect(events).toEqual([{ details: { lastBatch: 1, events: 2 } }]);
    const { sealedEvents } = await verifyTrail(db.database.manager, { ...db, heads: [] });
    expect(sealedEvents).toBe(3);
  });

  /** The trail as it is verified while the oldest batch goes after the looks at the tombstones that are numbered. */
  const verifyWhileDropping = async (...after: readonly number[]) => {
    await setFloor(1);
    let looks = 0;
    const { manager } = db.database;
    const during = Object.create(manager, {
      query: {
        value: async (sql: string, values?: unknown[]) => {
          const rows = await manager.query(sql, values);
          if (!sql.includes('FROM audit_tombstones')) return rows;
          looks += 1;
          db.clock.advanceSeconds(1);
          if (after.includes(looks)) expect(await drop(1, 1)).toBe(1);
          return rows;
        },
      },
    });
    return (await verifyTrail(during, { ...db, heads: [] })).broken?.fault;
  };

  test.each([
    ['before it looks for where the chain begins', [1]],
    ['after it looked for where the chain begins', [2]],
    ['each time that it begins anew', [2, 5]],
  ])('may go while the trail is being verified, %s, and nobody takes that for tampering', async (_, after) => {
    expect(await verifyWhileDropping(...after)).toBeUndefined();
    expect(await sealsLeft()).toEqual(after.length === 1 ? [2, 3] : [3]);
  });

  test('leave a tombstone that excuses no other loss while the trail is being verified', async () => {
    await db.clone.asHostile('DELETE FROM audit_seals WHERE id = 2');
    expect(await verifyWhileDropping(2)).toBe('SEAL');
  });

  test('take along the keys of their days, which lived as long as the trail, and no others', async () => {
    const now = db.clock.now();
    const daysAgo = (days: number) => new Date(now.getTime() - days * DAY * 1_000).toISOString().slice(0, 10);
    for (const days of [5, 4, 3, 2, 1, 0]) {
      db.clock.advanceSeconds(-days * DAY);
      for (const life of ['AUDIT_TRAIL', 'DAYS_30'] as const) await db.dayKeys.getToday(db.database.manager, life);
      db.clock.advanceSeconds(days * DAY);
    }
    const left = async (life: string) =>
      (await db.database.query('SELECT day::text AS day FROM day_keys WHERE life = $1 ORDER BY day DESC', [life])).map(
        ({ day }: { day: string }) => day,
      );
    await setFloor(1);
    expect(await drop(1)).toBe(1);
    // The oldest event left is of yesterday.
    expect(await left('AUDIT_TRAIL')).toEqual([0, 1, 2].map(daysAgo));
    expect(await left('DAYS_30')).toHaveLength(6);
  });

  test('leave their heads known to whoever kept one, and no other head in their place', async () => {
    const [{ head }] = await db.database.query('SELECT head FROM audit_seals WHERE id = 1');
    const keys = trustKeys(await findAuditKeys(db.database.manager), db.keyring.auditRoot);
    const said = readHead(head, keys);
    if (!said) throw new TypeError('The sealer signed it');
    const other = signHead(auditSigner(db.keyring, 'a1'), { ...said, root: said.previous });
    await setFloor(1);
    await drop(1);
    expect(await verify([head])).toBeUndefined();
    expect(await verify([head, other])).toBe('ROLLED_BACK');
  });

  test('leave a tombstone of a key that the trail knows, also while it has not met the active one', async () => {
    await setFloor(1);
    expect(await drop(1, 1, rotated('audit', 'a2'))).toBe(1);
    expect(await verify()).toBeUndefined();
  });

  test('stay as long as they are younger than the setting', async () => {
    await setFloor(1);
    expect(await drop(3)).toBe(0);
    expect(await sealsLeft()).toEqual([1, 2, 3]);
  });

  test('stay, all of them, without a setting', async () => {
    await expect(drop(1)).rejects.toThrow('younger than the trail is kept');
    expect(await sealsLeft()).toEqual([1, 2, 3]);
  });

  test('stay for the owner’s floor, whatever the server’s role would have', async () => {
    await setFloor(30);
    await expect(drop(1)).rejects.toThrow('younger than the trail is kept');
    expect(await verify()).toBeUndefined();
  });
});

describe('the owner’s function, called by whoever took the server over', () => {
  const planted = (batch: number) => insertTombstone(db.database.manager, batch, 'forged', db.clock.now());

  test('drops nothing but the oldest batch', async () => {
    await setFloor(1);
    await planted(2);
    await expect(call(2)).rejects.toThrow('only the oldest sealed batch');
    await expect(call(99)).rejects.toThrow('only the oldest sealed batch');
  });

  test('with a tombstone of a batch that stands changes nothing: the chain is verified from its beginning', async () => {
    await setFloor(1);
    await drop(1, 1);
    const [{ tombstone }] = await db.database.query('SELECT tombstone FROM audit_tombstones');
    await planted(2);
    await insertTombstone(db.database.manager, 3, tombstone, db.clock.now());
    expect(await verify()).toBeUndefined();
    await db.clone.asHostile(
      `UPDATE audit_events SET outcome = 'DENIED' WHERE id IN (SELECT event_id FROM audit_positions WHERE seal_id = 2)`,
    );
    expect(await verify()).toBe('CHANGED');
  });

  test('drops nothing without a tombstone', async () => {
    await setFloor(1);
    await expect(call(1)).rejects.toThrow('no tombstone');
  });

  test('never drops the last batch', async () => {
    await setFloor(1);
    await drop(1);
    db.clock.advanceSeconds(100 * DAY);
    expect(await drop(1)).toBe(1);
    expect(await drop(1)).toBe(0);
    expect(await sealsLeft()).toEqual([3]);
    await insertTombstone(db.database.manager, 3, 'forged', db.clock.now());
    await expect(call(3)).rejects.toThrow('never the last one');
  });

  test('with a tombstone that no audit key signed is found out', async () => {
    await setFloor(1);
    await planted(1);
    await call(1);
    expect(await verify()).toBe('SEAL');
  });

  test('with the tombstone of another batch is found out', async () => {
    await setFloor(1);
    await drop(1, 1);
    await db.clone.asHostile('UPDATE audit_tombstones SET seal_id = 2');
    await db.clone.asHostile('DELETE FROM audit_seals WHERE id = 2');
    expect(await verify()).toBe('SEAL');
  });

  test('after which all other batches are deleted by hand is found out, though no head was kept', async () => {
    await setFloor(1);
    await drop(1, 1);
    for (const table of ['audit_seals', 'audit_positions', 'audit_events', 'audit_unsealed'])
      await db.clone.asHostile(`DELETE FROM ${table}`);
    expect(await verify()).toBe('SEAL');
  });

  test('leaves nothing open for a deletion by hand in the same transaction', async () => {
    await setFloor(1);
    await planted(1);
    const owner = await openDatabase(dataSourceOptions, { url: db.clone.ownerUrl, pool: 1 });
    try {
      await expect(
        owner.transaction(async (tx) => {
          await tx.query('SELECT audit_drop_oldest(1)');
          await tx.query('DELETE FROM audit_events');
        }),
      ).rejects.toThrow('only ever added to');
    } finally {
      await owner.destroy();
    }
  });
});
