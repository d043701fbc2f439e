import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DayKeys } from '../../src/audit/day-keys.ts';
import { KeyMissing } from '../../src/crypto/keyring.ts';
import { SealBroken } from '../../src/crypto/sealed.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { rotated } from '../support/keyrings.ts';

const DAY_SECONDS = 86_400;
let db: AuditDatabase;
beforeEach(async () => {
  db = await auditDatabase();
});
afterEach(() => db.close());

const rows = () => db.database.query(`SELECT id, day::text AS day, life FROM day_keys ORDER BY day, life`);
const today = (dayKeys = db.dayKeys, life: 'DAYS_30' | 'AUDIT_TRAIL' = 'DAYS_30') =>
  dayKeys.getToday(db.database.manager, life);

describe('the key of a day', () => {
  test('is made when first asked for, and is the same all day', async () => {
    const key = await today();
    expect(await rows()).toEqual([{ id: key.id, day: '2026-11-24', life: 'DAYS_30' }]);
    db.clock.advanceSeconds(16 * 3_600);
    expect((await today()).id).toBe(key.id);
    db.clock.advanceSeconds(3_600);
    expect((await today()).id).not.toBe(key.id);
    expect(await rows()).toHaveLength(2);
  });

  test('is another for each life', async () => {
    expect((await today()).id).not.toBe((await today(db.dayKeys, 'AUDIT_TRAIL')).id);
  });

  test('is one for all nodes, also when 50 ask at once', async () => {
    const nodes = Array.from({ length: 50 }, () => db.otherNode());
    const keys = await Promise.all(nodes.map((node) => today(node)));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect(new Set(keys.map(({ secret }) => secret.export().toString('hex'))).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  test('is read from the database once', async () => {
    await today();
    const asked: string[] = [];
    const manager = { query: async (sql: string) => asked.push(sql) } as unknown as typeof db.database.manager;
    await db.dayKeys.getToday(manager, 'DAYS_30');
    expect(asked).toEqual([]);
  });

  test('of a transaction that is rolled back is not kept: it would seal what nobody can open', async () => {
    const lost = await db.database
      .transaction(async (tx) => {
        const { id } = await db.dayKeys.getToday(tx, 'DAYS_30');
        expect((await db.dayKeys.getToday(tx, 'DAYS_30')).id).toBe(id);
        throw Object.assign(new Error('rolled back'), { id });
      })
      .catch((error: { id: string }) => error.id);
    expect(await rows()).toEqual([]);
    expect((await today()).id).not.toBe(lost);
  });

  test('needs no second connection inside a transaction, where the pool may be drained', async () => {
    const transactions = Array.from({ length: 8 }, () =>
      db.database.transaction((tx) => db.otherNode().getToday(tx, 'DAYS_30')),
    );
    const keys = await Promise.all(transactions);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  });

  test('is found again by its id, under a rotated keyring too, until it is gone', async () => {
    const key = await today();
    const { manager } = db.database;
    const found = (keyring = db.keyring) => new DayKeys({ ...db, keyring }).findById(manager, key.id);
    expect((await found())?.secret.equals(key.secret)).toBe(true);
    expect((await found(rotated('wrapping', 'w2')))?.secret.equals(key.secret)).toBe(true);
    await expect(found(rotated('wrapping', 'w2', { keepsOld: false }))).rejects.toThrow(KeyMissing);
    await db.database.query('DELETE FROM day_keys');
    expect(await found()).toBeUndefined();
  });

  test('does not open when its row was changed', async () => {
    const { id } = await today();
    await db.database.query('UPDATE day_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)');
    await expect(db.dayKeys.findById(db.database.manager, id)).rejects.toThrow(SealBroken);
  });
});

describe('prepared keys', () => {
  test('are those of today and tomorrow, so that no request has to make one', async () => {
    await db.dayKeys.prepare(db.database.manager);
    await db.dayKeys.prepare(db.database.manager);
    expect((await rows()).map(({ day, life }: { day: string; life: string }) => [day, life])).toEqual([
      ['2026-11-24', 'AUDIT_TRAIL'],
      ['2026-11-24', 'DAYS_30'],
      ['2026-11-25', 'AUDIT_TRAIL'],
      ['2026-11-25', 'DAYS_30'],
    ]);
  });
});

describe('after 30 days', () => {
  test('a key goes, one of the audit trail stays, and so does the 30th day', async () => {
    await db.dayKeys.prepare(db.database.manager);
    db.clock.advanceSeconds(31 * DAY_SECONDS);
    expect(await db.dayKeys.deleteExpired(db.database.manager)).toBe(1);
    expect((await rows()).map(({ day, life }: { day: string; life: string }) => [day, life])).toEqual([
      ['2026-11-24', 'AUDIT_TRAIL'],
      ['2026-11-25', 'AUDIT_TRAIL'],
      ['2026-11-25', 'DAYS_30'],
    ]);
  });
});
