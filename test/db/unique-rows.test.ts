import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';

const UNIQUE_VIOLATION = '23505';

let db: AuditDatabase;
let users: string[];
beforeAll(async () => {
  db = await auditDatabase();
  users = [(await addUser(db)).userId, (await addUser(db)).userId];
  await db.trail.record(db.database.manager, {
    type: 'access.hidden',
    by: { kind: 'ANONYMOUS' },
    details: { fields: 1 },
  });
  await db.sealer().stop();
  await db.dayKeys.getToday(db.database.manager, 'DAYS_30');
  await db.database.query(`INSERT INTO email_indexes (user_id, key_version, index) VALUES ($1, 'i1', '\\x01')`, [
    users[0],
  ]);
});
afterAll(() => db.close());

const copied = (table: string, changed: string) =>
  `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object(${changed}))).* FROM ${table} t LIMIT 1`;

// As the server’s role, which may add these rows: whatever a second writer believes, the database takes one.
test.each([
  ['two events at one position', 'audit_positions_pkey', copied('audit_positions', `'event_id', gen_random_uuid()`)],
  ['one event at two positions', 'audit_positions_event_id_key', copied('audit_positions', `'position', 99`)],
  ['two batches after one', 'audit_seals_previous_key', copied('audit_seals', `'id', 99`)],
  ['two batches of one number', 'audit_seals_pkey', copied('audit_seals', `'previous', '\\x07'`)],
  ['two audit keys after one', 'audit_keys_previous_key', copied('audit_keys', `'id', 'a9'`)],
  ['two audit keys of one name', 'audit_keys_pkey', copied('audit_keys', `'previous', 'a9'`)],
  ['two keys of one day', 'day_keys_day_life_key', copied('day_keys', `'id', gen_random_uuid()`)],
  [
    'two people with one address',
    'email_indexes_key_version_index_key',
    `INSERT INTO email_indexes SELECT $1::uuid, key_version, index FROM email_indexes`,
  ],
])('the database never has %s', async (_, constraint, statement) => {
  const refused: unknown = await db.database
    .query(statement, statement.includes('$1') ? [users[1]] : [])
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ driverError: { code: UNIQUE_VIOLATION, constraint } });
});
