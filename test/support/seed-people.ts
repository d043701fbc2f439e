import type { DataSource } from 'typeorm';
import { indexesOf } from '../../src/crypto/blind-index.ts';
import { DataKeys } from '../../src/crypto/data-keys.ts';
import type { Keyring } from '../../src/crypto/keyring.ts';
import { seal } from '../../src/crypto/sealed.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { UserId } from '../../src/platform/ids.ts';
import { systemRandom, uuidv7 } from '../../src/platform/random.ts';
import { passwordColumns } from '../../src/users/password-columns.ts';

const BATCH = 1_000;

/** The address of the seeded person `i`. */
export const seededAddress = (i: number) => `seeded${i}@example.com`;

/** Adds ACTIVE people with addresses, data keys, profiles, and all one password hash `encoded`, as fast as PostgreSQL takes them. */
export async function seedPeople(owner: DataSource, keyring: Keyring, count: number, encoded: string): Promise<void> {
  const dataKeys = new DataKeys(keyring, systemClock, systemRandom);
  for (let first = 0; first < count; first += BATCH) {
    const people = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      const id = uuidv7(systemClock, systemRandom) as UserId;
      const { row, key } = dataKeys.create(id);
      const address = seededAddress(first + i);
      const email = seal(key, { table: 'users', column: 'email', rowId: id }, address, systemRandom).bytes;
      const password = passwordColumns(keyring, id, encoded, systemRandom);
      return { id, row, email, password, indexes: indexesOf(keyring, address) };
    });
    const ids = people.map(({ id }) => id);
    await owner.query(
      `INSERT INTO users (id, email, email_verified_at, password_hash, pepper_id, password_parameters, status, origin, created_at)
       SELECT id, email, now(), hash, pepper, parameters, 'ACTIVE', 'IMPORT', now()
       FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::text[]) AS p(id, email, hash, pepper, parameters)`,
      [
        ids,
        people.map(({ email }) => email),
        people.map(({ password }) => password.passwordHash?.bytes),
        people.map(({ password }) => password.pepperId),
        people.map(({ password }) => password.passwordParameters),
      ],
    );
    await owner.query(
      `INSERT INTO data_keys (id, user_id, wrapped, wrapping_key_id, created_at)
       SELECT id, user_id, wrapped, wrapping, now() FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])
         AS k(id, user_id, wrapped, wrapping)`,
      [
        people.map(({ row }) => row.id),
        ids,
        people.map(({ row }) => row.wrapped),
        people.map(({ row }) => row.wrappingKeyId),
      ],
    );
    const indexes = people.flatMap(({ id, indexes: own }) => own.map((index) => ({ id, ...index })));
    await owner.query(
      'INSERT INTO email_indexes (user_id, key_version, index) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])',
      [indexes.map(({ id }) => id), indexes.map(({ keyVersion }) => keyVersion), indexes.map(({ index }) => index)],
    );
    await owner.query('INSERT INTO profiles (user_id) SELECT unnest($1::uuid[])', [ids]);
  }
}
