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

function urlTo(url: string, database: string): Secret {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return new Secret(parsed.href);
}

/** A copy of the migrated template, in a few hundredths of a second. Drop it in `afterAll`. */
export async function cloneDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Kept until the end: to start a process of PostgreSQL is what costs most about it.
  const admin = new Client({ connectionString: getUrl('ADMIN') });
  await admin.connect();
  // Copied as files, which goes through neither buffers nor the log.
  await admin.query(`CREATE DATABASE ${name} TEMPLATE gatehouse STRATEGY FILE_COPY OWNER gatehouse_owner`);
  // Rights on the database itself are not part of a template.
  await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await admin.query(`GRANT CONNECT ON DATABASE ${name} TO gatehouse_server`);
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
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
