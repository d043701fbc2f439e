/** Makes people, many and fast: with sealed columns, data keys and blind indexes as the server itself makes them. */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import pg from 'pg';
import { hashArgon2id } from '../dist/src/crypto/argon2id.js';
import { indexesOf } from '../dist/src/crypto/blind-index.js';
import { DataKeys } from '../dist/src/crypto/data-keys.js';
import { loadKeyring } from '../dist/src/crypto/load-keyring.js';
import { seal } from '../dist/src/crypto/sealed.js';
import { systemClock } from '../dist/src/platform/clock.js';
import { canonicalAddress } from '../dist/src/platform/email-address.js';
import { systemRandom, uuidv7 } from '../dist/src/platform/random.js';
import { passwordColumns } from '../dist/src/users/password-columns.js';
import { sealedProfile } from '../dist/src/users/profile.sealing.js';

export const PASSWORD = 'correct horse battery staple';
export const addressOf = (number) => `person${number}@bench.example`;
const BATCH = 1_000;

/** Who may read the others. */
export const READER = 2;

const PLAIN_TABLE = `CREATE TABLE IF NOT EXISTS bench_people (id uuid PRIMARY KEY, email text NOT NULL UNIQUE,
  roles text[] NOT NULL, display_name text, given_name text, family_name text, created_at timestamptz NOT NULL);
  CREATE INDEX IF NOT EXISTS bench_people_page ON bench_people (created_at, id)`;

const MAKE_READER = `WITH reader AS (UPDATE bench_people SET roles = '{support,user}' WHERE email = $1 RETURNING id)
  INSERT INTO user_roles (user_id, role_id, assigned_at)
  SELECT reader.id, roles.id, now() FROM reader, roles WHERE roles.name = 'support' ON CONFLICT DO NOTHING`;

const STATEMENTS = [
  [
    `INSERT INTO users (id, email, email_verified_at, password_hash, pepper_id, password_parameters, status, origin, created_at)
     SELECT id, email, now(), hash, pepper, parameters, 'ACTIVE', 'IMPORT', now()
     FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::text[]) AS t (id, email, hash, pepper, parameters)`,
    ['id', 'email', 'passwordHash', 'pepperId', 'passwordParameters'],
  ],
  [
    'INSERT INTO email_indexes (user_id, key_version, index) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])',
    ['id', 'keyVersion', 'index'],
  ],
  [
    `INSERT INTO data_keys (id, user_id, wrapped, wrapping_key_id, created_at)
     SELECT *, now() FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])`,
    ['keyId', 'id', 'wrapped', 'wrappingKeyId'],
  ],
  [
    `INSERT INTO profiles (user_id, display_name, given_name, family_name)
     SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[])`,
    ['id', 'displayName', 'givenName', 'familyName'],
  ],
  [
    `INSERT INTO user_roles (user_id, role_id, assigned_at)
     SELECT id, (SELECT id FROM roles WHERE name = 'user'), now() FROM unnest($1::uuid[]) AS t (id)`,
    ['id'],
  ],
  [
    `INSERT INTO bench_people (id, email, roles, display_name, given_name, family_name, created_at)
     SELECT id, email, '{user}', display, given, family, now()
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t (id, email, display, given, family)`,
    ['id', 'plainEmail', 'plainDisplay', 'plainGiven', 'plainFamily'],
  ],
];

/** Adds people until there are `total`, on a migrated database. Calls `progress` with how many there are. */
export async function seedPeople({ ownerUrl, keyringFile, total, progress = () => {} }) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(PLAIN_TABLE);
    const { rows } = await client.query('SELECT count(*)::int AS count FROM bench_people');
    const [{ count }] = rows;
    if (count >= total) return;
    const encoded = await hashArgon2id(PASSWORD, systemRandom.bytes(16), {
      memoryKib: 19_456,
      passes: 2,
      parallelism: 1,
    });
    let done = count;
    const workers = total - count > 10 * BATCH ? Math.min(4, availableParallelism()) : 1;
    const runs = Array.from({ length: workers }, (_, index) => {
      const data = { ownerUrl, keyringFile, encoded, from: count + 1 + index * BATCH, step: workers * BATCH, total };
      const worker = new Worker(new URL(import.meta.url), { workerData: data });
      worker.on('message', (added) => {
        done += added;
        progress(done);
      });
      return new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error('A seeding thread failed'))));
      });
    });
    await Promise.all(runs);
    await client.query(MAKE_READER, [addressOf(READER)]);
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
}

function makePerson({ keyring, dataKeys, encoded }, number) {
  const id = uuidv7(systemClock, systemRandom);
  const { row, key } = dataKeys.create(id);
  const email = addressOf(number);
  const names = { displayName: `Person ${number}`, givenName: `Given${number}`, familyName: `Family${number}` };
  const profile = sealedProfile(key, id, names, systemRandom);
  const [{ keyVersion, index }] = indexesOf(keyring, canonicalAddress(email));
  const password = passwordColumns(keyring, id, encoded, systemRandom);
  return {
    id,
    email: seal(key, { table: 'users', column: 'email', rowId: id }, email, systemRandom).bytes,
    ...password,
    passwordHash: password.passwordHash.bytes,
    keyVersion,
    index,
    keyId: row.id,
    wrapped: row.wrapped,
    wrappingKeyId: row.wrappingKeyId,
    displayName: profile.displayName.bytes,
    givenName: profile.givenName.bytes,
    familyName: profile.familyName.bytes,
    plainEmail: email,
    plainDisplay: names.displayName,
    plainGiven: names.givenName,
    plainFamily: names.familyName,
  };
}

async function work({ ownerUrl, keyringFile, encoded, from, step, total }) {
  const { keyring } = await loadKeyring(
    { kind: 'file', path: keyringFile },
    { production: true, random: systemRandom },
  );
  const makers = { keyring, dataKeys: new DataKeys(keyring, systemClock, systemRandom), encoded };
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  for (let first = from; first <= total; first += step) {
    const length = Math.min(BATCH, total - first + 1);
    const people = Array.from({ length }, (_, index) => makePerson(makers, first + index));
    await client.query('BEGIN');
    for (const [text, columns] of STATEMENTS) {
      await client.query(
        text,
        columns.map((column) => people.map((person) => person[column])),
      );
    }
    await client.query('COMMIT');
    parentPort.postMessage(length);
  }
  await client.end();
}

if (!isMainThread && workerData?.keyringFile !== undefined) await work(workerData);
