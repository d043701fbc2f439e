import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataKeys, type WrappedDataKey } from '../../src/crypto/data-keys.ts';
import type { SealingKey } from '../../src/crypto/keyring.ts';
import { KeyMoves } from '../../src/keys/key-moves.ts';
import { insertIndexes, storeMoved } from '../../src/keys/moves.repository.ts';
import type { UserId } from '../../src/platform/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';
import { rotated } from '../support/keyrings.ts';

let db: AuditDatabase;
let people: { readonly userId: UserId; readonly key: SealingKey }[];
beforeEach(async () => {
  db = await auditDatabase();
  people = [];
  for (let count = 0; count < 5; count += 1) people.push(await addUser(db));
});
afterEach(() => db.close());

const sql = (text: string, values: unknown[] = []) => db.database.query(text, values);
const idOf = (number: number): UserId => people[number]?.userId ?? ('' as UserId);

describe('a rewrap', () => {
  const told: string[] = [];
  const rewrap = (database = db.database) => {
    told.length = 0;
    const keyring = rotated('wrapping', 'w2');
    const dataKeys = new DataKeys(keyring, db.clock, systemRandom);
    const progress = (...how: [string, number, number]) => void told.push(how.join(' '));
    return new KeyMoves({ ...db, database, keyring, dataKeys, progress, batch: 2 }).rewrap();
  };
  /** Whose key opens, with nothing but the new wrapping key, as the key that it was. */
  const opened = async () => {
    const dataKeys = new DataKeys(rotated('wrapping', 'w2', { keepsOld: false }), db.clock, systemRandom);
    const rows: WrappedDataKey[] = await sql(
      'SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys WHERE wrapping_key_id = $1',
      ['w2'],
    );
    return rows
      .filter((row) => {
        const own = people.find(({ userId }) => userId === row.userId);
        return own !== undefined && dataKeys.unwrap(row).secret.equals(own.key.secret);
      })
      .map(({ userId }) => userId)
      .sort();
  };

  test('brings every key under the active one, batch by batch, and leaves it the key that it was', async () => {
    expect(await rewrap()).toEqual([
      { table: 'data_keys', moved: 5, broken: [], left: 0 },
      { table: 'day_keys', moved: 0, broken: [], left: 0 },
    ]);
    expect(told).toEqual(['data_keys 2 5', 'data_keys 4 5', 'data_keys 5 5']);
    expect(await opened()).toEqual(people.map(({ userId }) => userId).sort());
    expect((await rewrap())[0]).toEqual({ table: 'data_keys', moved: 0, broken: [], left: 0 });
  });

  test('stops at no row that does not open: it stays as it is, and is named each time', async () => {
    await sql('UPDATE data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE user_id = $1', [
      idOf(2),
    ]);
    const [{ id, wrapped }] = await sql('SELECT id, wrapped FROM data_keys WHERE user_id = $1', [idOf(2)]);
    const broken = [expect.objectContaining({ name: 'SealBroken', table: 'data_keys', column: 'wrapped', rowId: id })];
    expect((await rewrap())[0]).toEqual({ table: 'data_keys', moved: 4, broken, left: 1 });
    expect(await opened()).toHaveLength(4);
    // It is looked at once: another pass would find nothing but what is broken.
    expect(told).toHaveLength(3);
    expect((await rewrap())[0]).toEqual({ table: 'data_keys', moved: 0, broken, left: 1 });
    expect(told).toEqual(['data_keys 0 1']);
    const stands = await sql('SELECT wrapped, wrapping_key_id AS key FROM data_keys WHERE id = $1', [id]);
    expect(stands).toEqual([{ wrapped, key: 'w1' }]);
  });

  test('begins anew for what was written under the old key while it went through the rows', async () => {
    await sql('UPDATE data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE user_id = $1', [
      idOf(2),
    ]);
    const { manager } = db.database;
    let isAtEnd = false;
    const query = async (text: string, values?: unknown[]) => {
      const rows = await manager.query(text, values);
      if (!isAtEnd && /FROM data_keys\s+WHERE wrapping_key_id <>/.test(text) && rows.length === 0) {
        isAtEnd = true;
        people.push(await addUser(db));
      }
      return rows;
    };
    const beside = Object.create(db.database, {
      manager: { value: Object.create(manager, { query: { value: query } }) },
    });
    expect((await rewrap(beside))[0]).toMatchObject({ moved: 5, left: 1 });
    expect(await opened()).toContain(idOf(5));
  });
});

describe('a batch of moved rows', () => {
  test('overwrites none that was changed after it was read: a password set meanwhile stays set', async () => {
    const [one, other] = [idOf(0), idOf(1)];
    await sql(`UPDATE users SET password_hash = 'old', pepper_id = 'p1' WHERE id = ANY ($1)`, [[one, other]]);
    await sql(`UPDATE users SET password_hash = 'set meanwhile' WHERE id = $1`, [other]);
    const batch = [one, other].map((id) => ({
      id,
      before: Buffer.from('old'),
      after: Buffer.from('new'),
      keyId: 'p2',
    }));
    expect(await db.database.transaction((tx) => storeMoved(tx, 'users', batch))).toBe(1);
    const rows = await sql(
      'SELECT password_hash AS hash, pepper_id AS key FROM users WHERE id = ANY ($1) ORDER BY key',
      [[one, other]],
    );
    expect(rows.map(({ hash, key }: { hash: Buffer; key: string }) => [hash.toString(), key])).toEqual([
      ['set meanwhile', 'p1'],
      ['new', 'p2'],
    ]);
  });

  test('indexes nobody who changed after they were read: the address may be another now', async () => {
    await sql(`UPDATE users SET email = 'sealed' WHERE id = ANY ($1)`, [people.map(({ userId }) => userId)]);
    await sql('UPDATE users SET version = version + 1 WHERE id = $1', [idOf(1)]);
    await sql('UPDATE users SET email = NULL WHERE id = $1', [idOf(2)]);
    const [{ version }] = await sql('SELECT version FROM users WHERE id = $1', [idOf(0)]);
    const batch = people.map(({ userId }, number) => ({ id: userId, version, index: Buffer.alloc(32, number) }));
    const insert = () => db.database.transaction((tx) => insertIndexes(tx, 'i2', batch));
    expect([await insert(), await insert()]).toEqual([3, 0]);
    const indexed = await sql('SELECT user_id AS id FROM email_indexes ORDER BY index');
    expect(indexed.map(({ id }: { id: string }) => id)).toEqual([idOf(0), idOf(3), idOf(4)]);
  });
});
