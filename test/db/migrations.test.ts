import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

/** All that migrations make, one line a piece: columns, constraints, indexes, functions, triggers, and who may do what. */
const CATALOG = `
  SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
  UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
  UNION ALL SELECT 'grant ' || grantee || ' ' || table_name || ' ' || privilege_type
    FROM information_schema.role_table_grants WHERE table_schema = 'public' AND grantee <> grantor
  ORDER BY line`;

let clone: TestDatabase;
let owner: DataSource;
beforeAll(async () => {
  clone = await cloneDatabase();
  owner = await new DataSource({ ...dataSourceOptions, url: clone.ownerUrl.reveal(), poolSize: 2 }).initialize();
});
afterAll(async () => {
  await owner.destroy();
  await clone.drop();
});

const catalog = async (): Promise<readonly string[]> =>
  (await owner.query<{ line: string }[]>(CATALOG)).map(({ line }) => line);
const withoutGrants = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('grant '));
const differences = async () => (await owner.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

describe('the migrations', () => {
  test('make what the entities say: nothing is left to generate', async () => {
    expect(await owner.showMigrations()).toBe(false);
    expect(await differences()).toEqual([]);
  });

  test('that check is not blind: a column more or less is a difference', async () => {
    await owner.query('ALTER TABLE users ADD COLUMN nickname text');
    expect(await differences()).toEqual(['ALTER TABLE "users" DROP COLUMN "nickname"']);
    await owner.query('ALTER TABLE users DROP COLUMN nickname');
    expect(await differences()).toEqual([]);
  });

  test('each goes down and up again, and leaves the same', async () => {
    const states = [await catalog()];
    for (const _ of dataSourceOptions.migrations) {
      await owner.undoLastMigration();
      states.push(await catalog());
    }
    // The migrations' own table stays.
    expect(withoutGrants(states.at(-1) ?? []).filter((line) => !/\bmigrations\b|migrations_id_seq/.test(line))).toEqual(
      [],
    );

    for (const [index, state] of states.slice(0, -1).reverse().entries()) {
      const migrations = dataSourceOptions.migrations.slice(0, index + 1);
      const older = await new DataSource({
        ...dataSourceOptions,
        migrations,
        url: clone.ownerUrl.reveal(),
      }).initialize();
      expect(await older.runMigrations()).toHaveLength(1);
      await older.destroy();
      expect(withoutGrants(await catalog())).toEqual(withoutGrants(state));
    }
    expect(await differences()).toEqual([]);
  });

  test('run by the server, give its role the rights it had, and run once', async () => {
    const template = await cloneDatabase();
    const other = await new DataSource({ ...dataSourceOptions, url: template.ownerUrl.reveal() }).initialize();
    const wanted = (await other.query<{ line: string }[]>(CATALOG)).map(({ line }) => line);
    await other.destroy();
    await template.drop();
    expect(wanted.some((line) => line === 'grant gatehouse_server users SELECT')).toBe(true);

    for (const _ of dataSourceOptions.migrations) await owner.undoLastMigration();
    expect(await migrate(dataSourceOptions, clone)).toEqual(dataSourceOptions.migrations.map(({ name }) => name));
    expect(await catalog()).toEqual(wanted);
    expect(await migrate(dataSourceOptions, clone)).toEqual([]);
  });

  test('take as long as they take, and the node that waits for them too: nothing ends them half-way', async () => {
    const limits: string[] = [];
    class Slow1999999999999 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout']) {
          const [{ value }] = await runner.query('SELECT current_setting($1) AS value', [name]);
          limits.push(value);
        }
      }
      down = async () => undefined;
    }
    const told: string[] = [];
    const schema = { ...dataSourceOptions, migrations: [...dataSourceOptions.migrations, Slow1999999999999] };
    expect(await migrate(schema, clone, () => told.push(`before ${limits.length} limits`))).toEqual([
      'Slow1999999999999',
    ]);
    expect(limits).toEqual(['0', '0', '0']);
    await migrate(schema, clone, () => told.push('again'));
    expect(told).toEqual(['before 0 limits']);
  });
});
