import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

let clone: TestDatabase;
let server: DataSource;
beforeAll(async () => {
  clone = await cloneDatabase();
  server = await openDatabase(dataSourceOptions, { url: clone.serverUrl, pool: 4 });
});
afterAll(async () => {
  await server.destroy();
  await clone.drop();
});

test('another server that starts, or a command, takes no right from those that run, not for a moment', async () => {
  let starting = true;
  const reads = Array.from({ length: 4 }, async () => {
    for (let count = 0; starting || count === 0; count += 1) await server.query('SELECT 1 FROM users LIMIT 1');
  });
  const all = Promise.all(reads);
  for (let start = 0; start < 5; start += 1) await migrate(dataSourceOptions, clone);
  starting = false;
  await expect(all).resolves.toHaveLength(4);
});

test('a table that nobody has given rights on is the owner’s alone, and no table of the product is one but that of retention', async () => {
  const owner = await openDatabase(dataSourceOptions, { url: clone.ownerUrl, pool: 1 });
  try {
    await owner.query('CREATE TABLE planted (id int)');
    await migrate(dataSourceOptions, clone);
    const rows: { name: string }[] = await server.query(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         AND NOT has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY relname`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['audit_retention', 'planted']);
  } finally {
    await owner.query('DROP TABLE planted');
    await owner.destroy();
  }
});
