import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { Secret } from '../../src/platform/secret.ts';

/** A database of one test file, migrated and empty. */
export interface TestDatabase {
  readonly ownerUrl: Secret;
  readonly serverUrl: Secret;
  /** Runs a statement as the superuser, with no trigger and no foreign key in the way: what a hostile administrator can do. */
  asHostile(sql: string, parameters?: readonly unknown[]): Promise<void>;
  /** Ends what is still connected and removes it. */
  drop(): Promise<void>;
}

function getUrl(name: 'ADMIN' | 'OWNER' | 'SERVER'): string {
  const url = process.env[`TEST_POSTGRES_${name}_URL`];
  if (url === undefined) throw new Error('No PostgreSQL of the test run: jest needs its globalSetup');
  return url;
}

async function runAsAdmin(statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: getUrl('ADMIN') });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function urlTo(url: string, database: string): Secret {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return new Secret(parsed.href);
}

/** A copy of the migrated template, in a few hundredths of a second. Drop it in `afterAll`. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Rights on the database itself are not part of a template.
  await runAsAdmin([
    `CREATE DATABASE ${name} TEMPLATE gatehouse OWNER gatehouse_owner`,
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${name} TO gatehouse_server`,
  ]);
  return {
    ownerUrl: urlTo(getUrl('OWNER'), name),
    serverUrl: urlTo(getUrl('SERVER'), name),
    asHostile: async (sql, parameters = []) => {
      const client = new Client({ connectionString: urlTo(getUrl('ADMIN'), name).reveal() });
      await client.connect();
      try {
        await client.query('SET session_replication_role = replica');
        await client.query(sql, [...parameters]);
      } finally {
        await client.end();
      }
    },
    drop: () => runAsAdmin([`DROP DATABASE ${name} WITH (FORCE)`]),
  };
}
