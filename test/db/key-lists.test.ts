import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sealedTransformer } from '../../src/crypto/sealed.ts';
import { countUses, KEY_USES } from '../../src/keys/key-uses.repository.ts';
import { personsTables, SEALED_COLUMNS } from '../../src/keys/sealed-columns.ts';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';

let db: AuditDatabase;
beforeAll(async () => {
  db = await auditDatabase();
});
afterAll(() => db.close());

describe('the list of what is sealed', () => {
  test('has every sealed column that there is: a reseal leaves none behind', () => {
    const sealed = db.database.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns
        .filter(({ transformer }) => transformer === sealedTransformer)
        .map(({ databaseName }) => `${tableName}.${databaseName}`),
    );
    expect(Object.keys(SEALED_COLUMNS).sort()).toEqual(sealed.sort());
  });

  test('names the columns by which a reseal finds a person’s rows, and each row by its own id', () => {
    const tables = new Map(db.database.entityMetadatas.map((table) => [table.tableName, table]));
    for (const { table, owner, id } of personsTables()) {
      const columns = tables.get(table)?.columns.map(({ databaseName }) => databaseName);
      expect(columns).toEqual(expect.arrayContaining([owner]));
      expect(tables.get(table)?.primaryColumns.map(({ databaseName }) => databaseName)).toEqual([id]);
    }
  });
});

test('the list of what needs a root key has every column that names one: none is retired too early', async () => {
  const named = await db.database.query<{ name: string }[]>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name ~ '^(wrapping_key|pepper|system_key|audit_key|index_key)_id$|^key_version$'`,
  );
  expect(KEY_USES.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(
    named.map(({ name }) => name).sort(),
  );
});

test('a key is needed by the rows of its own purpose alone, also where a key of another has the same id', async () => {
  await addUser(db);
  const uses = async (purpose: 'wrapping' | 'pepper' | 'audit') =>
    (await countUses(db.database.manager, { purpose, id: 'w1' })).map(({ table, rows }) => `${rows} ${table}`);
  expect(await uses('wrapping')).toEqual(['1 data_keys']);
  expect([await uses('pepper'), await uses('audit')]).toEqual([[], []]);
});
