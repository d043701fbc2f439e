import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const PERMISSION_DENIED = '42501';

let server: TestServer;
/** As whoever took the server over. */
let role: Client;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await server.signUp('ada@example.com');
  await server.logIn('ada@example.com');
  role = new Client({ connectionString: server.shared.serverUrl });
  await role.connect();
});
afterAll(async () => {
  await role.end();
  await server.stop();
});

/** The SQLSTATE that a statement fails with; undefined where it does not. All is undone. */
async function stateOf(statement: string): Promise<string | undefined> {
  await role.query('BEGIN');
  try {
    await role.query(statement);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  } finally {
    await role.query('ROLLBACK');
  }
}

const MAY_NOT = [
  ...['audit_events', 'audit_positions', 'audit_seals', 'audit_keys', 'audit_tombstones'].flatMap((table) => [
    `DELETE FROM ${table}`,
    `TRUNCATE ${table} CASCADE`,
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
    `DROP TRIGGER ${table}_refuse_change ON ${table}`,
  ]),
  `UPDATE audit_events SET outcome = 'SUCCESS'`,
  `UPDATE audit_events SET mac = mac WHERE false`,
  'UPDATE audit_positions SET position = 1',
  `UPDATE audit_seals SET head = ''`,
  `UPDATE audit_keys SET previous = ''`,
  `UPDATE audit_tombstones SET tombstone = ''`,
  'SELECT * FROM audit_retention',
  'INSERT INTO audit_retention VALUES (1, 1)',
  'SELECT audit_drop_oldest(1)',
  `SELECT set_config('gatehouse.audit_drop', 'on', true); DELETE FROM audit_events`,
  'CREATE OR REPLACE FUNCTION audit_drop_oldest(batch bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$',
  'UPDATE audit_unsealed SET event_id = event_id',
  'TRUNCATE audit_unsealed',
  'CREATE TABLE mine (id int)',
  'CREATE TABLE public.mine AS SELECT 1',
  'CREATE SCHEMA mine',
  'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  'DROP FUNCTION audit_refuse_change() CASCADE',
  'ALTER TABLE users ADD COLUMN mine int',
  'ALTER TABLE users OWNER TO CURRENT_USER',
  'DROP TABLE users CASCADE',
  'TRUNCATE users CASCADE',
  'CREATE INDEX mine ON users (id)',
  'CREATE TRIGGER mine BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()',
  'ALTER ROLE CURRENT_USER SUPERUSER',
  'CREATE ROLE mine',
  'CREATE EXTENSION pgcrypto',
  'SET ROLE gatehouse_owner',
  'SET SESSION AUTHORIZATION gatehouse_owner',
  'SET session_replication_role = replica',
  'SELECT rolpassword FROM pg_authid',
  `SELECT pg_read_file('/etc/passwd')`,
  `COPY users TO PROGRAM 'cat'`,
  `COPY users TO '/tmp/mine'`,
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user',
];

describe('the server’s role in the database', () => {
  test.each(MAY_NOT)('may not: %s', async (statement) => {
    const before = await server.database.query('SELECT count(*)::int AS count FROM audit_events');
    expect(await stateOf(statement)).toBe(PERMISSION_DENIED);
    expect(await server.database.query('SELECT count(*)::int AS count FROM audit_events')).toEqual(before);
  });

  test.each([
    'SELECT * FROM audit_events',
    'INSERT INTO audit_events SELECT gen_random_uuid(), format, at, type, outcome, actor_kind, actor_id, subject_id, operation_name, request_id, node, details, origin, origin_key_kind, origin_key_id, origin_commitment, subject_data, subject_key_kind, subject_key_id, subject_commitment, audit_key_id, mac FROM audit_events LIMIT 1',
    'DELETE FROM audit_unsealed',
    'UPDATE users SET version = version + 1',
    'DELETE FROM sessions',
  ])('may: %s', async (statement) => {
    expect(await stateOf(statement)).toBeUndefined();
  });

  test('is no superuser, owns nothing, makes no roles or databases, and passes no row rules by', async () => {
    const { rows } = await role.query(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
         (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS owned,
         pg_has_role(current_user, 'gatehouse_owner', 'MEMBER') AS "isOwner",
         has_table_privilege('audit_events', 'UPDATE, DELETE, TRUNCATE, TRIGGER, INSERT WITH GRANT OPTION') AS "mayMore",
         has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
         has_database_privilege(current_database(), 'TEMP') AS "mayTemp",
         has_schema_privilege('public', 'CREATE') AS "mayCreateInPublic"
       FROM pg_roles r WHERE rolname = current_user`,
    );
    expect(rows).toEqual([
      {
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolreplication: false,
        rolbypassrls: false,
        owned: 0,
        isOwner: false,
        mayMore: false,
        mayCreate: false,
        mayTemp: false,
        mayCreateInPublic: false,
      },
    ]);
  });
});

describe('the owner, by accident', () => {
  test.each([
    ['audit_events', 'outcome'],
    ['audit_positions', 'position'],
    ['audit_seals', 'head'],
    ['audit_keys', 'previous'],
    ['audit_tombstones', 'tombstone'],
  ])('changes nothing of %s: a trigger stands before it', async (table, column) => {
    for (const statement of [
      `DELETE FROM ${table}`,
      `TRUNCATE ${table} CASCADE`,
      `UPDATE ${table} SET ${column} = ${column}`,
    ]) {
      await expect(server.database.query(statement)).rejects.toThrow('only ever added to');
    }
  });
});
