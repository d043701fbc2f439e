import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sealedTransformer } from '../../src/crypto/sealed.ts';
import { PERSONAL_TABLES } from '../../src/personal-data/personal-tables.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Tables whose sealed columns are of keys, and of nobody. */
const OF_NOBODY = ['day_keys', 'signing_keys'];
/** Kept to hold a restored backup against: the id of somebody who is nobody any more. */
const OF_THE_ERASED = ['erasures'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Tables that name a person in a column, by a foreign key, or hold something sealed. */
async function tablesAboutPeople(): Promise<string[]> {
  const named = await server.database.query<{ name: string }[]>(
    `SELECT DISTINCT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name ~ '(^|_)(user|actor|subject|owner|person)_id$'
     UNION SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass`,
  );
  const sealed = server.database.entityMetadatas
    .filter(({ columns }) => columns.some(({ transformer }) => transformer === sealedTransformer))
    .map(({ tableName }) => tableName);
  return [...new Set(['users', ...named.map(({ name }) => name), ...sealed])];
}

describe('what is stored about people', () => {
  test('is in the list of personal tables, whichever table it stands in', async () => {
    const tables = (await tablesAboutPeople()).filter((name) => ![...OF_NOBODY, ...OF_THE_ERASED].includes(name));
    expect(tables.sort()).toEqual(Object.keys(PERSONAL_TABLES).sort());
  });

  test('leaves in an export, or says why not', async () => {
    const { client } = await server.person('ada@example.com');
    const { data } = (await client.send('mutation { exportMyData { data } }')).data['exportMyData'];
    const members = Object.values(PERSONAL_TABLES).flatMap(({ exportedAs }) => exportedAs ?? []);
    expect(Object.keys(data).sort()).toEqual(['format', 'olderAuditEvents', ...members].sort());
    for (const { exportedAs, because } of Object.values(PERSONAL_TABLES)) {
      expect(exportedAs === null).toBe(because !== undefined);
    }
  });

  test('is gone after an erasure from every table but users and the audit trail', async () => {
    const { client, userId } = await server.person('bea@example.com');
    await client.send('mutation { eraseMe(input: { confirmEmail: "bea@example.com" }) { erased } }');
    const named = await server.database.query<{ name: string; column: string }[]>(
      `SELECT table_name AS name, column_name AS column FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type IN ('uuid', 'text')`,
    );
    const left: string[] = [];
    for (const { name, column } of named) {
      const rows = await server.database.query(`SELECT 1 FROM "${name}" WHERE "${column}"::text = $1 LIMIT 1`, [
        userId,
      ]);
      if (rows.length > 0) left.push(`${name}.${column}`);
    }
    expect(left.sort()).toEqual(['audit_events.actor_id', 'audit_events.subject_id', 'erasures.user_id', 'users.id']);
  });
});
