import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DataKeys, type WrappedDataKey } from '../../src/crypto/data-keys.ts';
import { unwrapDayKey, type WrappedDayKey } from '../../src/crypto/day-keys.ts';
import { type Keyring, parseKeyring, type SealingKey } from '../../src/crypto/keyring.ts';
import { open, type Place, SealBroken, Sealed, seal } from '../../src/crypto/sealed.ts';
import { SEALED_COLUMNS } from '../../src/keys/sealed-columns.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { until } from '../support/account-acts.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const profile = (name: string) => ({
  displayName: name,
  givenName: name,
  familyName: `${name} the elder`,
  bio: `I am ${name}.`,
  phone: '+4915112345678',
  birthDate: '1990-01-02',
  address: { lines: [`${name} street 1`], locality: 'Berlin', postalCode: '10115', country: 'DE' },
  avatarUrl: `https://example.com/${name}.png`,
  locale: 'en',
  timeZone: 'Europe/Berlin',
});

let server: TestServer;
let keyring: Keyring;
let dataKeys: DataKeys;
let ada: LoggedInClient;
let bob: LoggedInClient;

beforeAll(async () => {
  server = await startTestServer({ LIMIT_EXPORT_BY_USER: '1000' });
  keyring = parseKeyring(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));
  dataKeys = new DataKeys(keyring, server.clock, systemRandom);
  [ada, bob] = [await member('ada'), await member('bob')];
});
afterAll(() => server.stop());

async function member(name: string): Promise<LoggedInClient> {
  await server.signUp(`${name}@example.com`, undefined, profile(name));
  const person = await server.logIn(`${name}@example.com`);
  await person.client.send(
    'mutation($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { accepted } }',
    {
      input: { newEmail: `${name}.new@example.com` },
    },
  );
  return person;
}

interface Cell {
  readonly name: string;
  readonly place: Place;
  readonly key: SealingKey;
  readonly bytes: Buffer;
}

const sql = (text: string, values: unknown[] = []): Promise<Record<string, never>[]> =>
  server.database.query(text, values);

/** What opens the cell of a row. */
async function keyOf(row: Record<string, unknown>, table: string, column: string): Promise<SealingKey> {
  const dataKey = async (where: string, id: unknown) => {
    const [found] = await sql(
      `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys WHERE ${where} = $1`,
      [id],
    );
    return dataKeys.unwrap(found as unknown as WrappedDataKey);
  };
  const dayKey = async (id: unknown) => {
    const [found] = await sql('SELECT id, wrapped, wrapping_key_id AS "wrappingKeyId" FROM day_keys WHERE id = $1', [
      id,
    ]);
    return unwrapDayKey(keyring, found as unknown as WrappedDayKey);
  };
  const under = SEALED_COLUMNS[`${table}.${column}`];
  if (under?.by === 'DATA_KEY') return dataKey('user_id', row[under.owner]);
  if (under?.by === 'PEPPER') return keyring.get('pepper', String(row['pepper_id']));
  if (under?.by === 'SYSTEM_KEY') return keyring.get('system', String(row['system_key_id']));
  if (under?.by === 'DAY_KEY') return dayKey(row['day_key_id']);
  const part = column === 'origin' ? 'origin_' : column === 'subject_data' ? 'subject_' : '';
  return row[`${part}key_kind`] === 'DAY' ? dayKey(row[`${part}key_id`]) : dataKey('id', row[`${part}key_id`]);
}

/** Rows that live for a moment only: they are sealed here as they would be there. */
const MOMENTARY = ['mails.content', 'address_jobs.payload'];

/** Two cells of each sealed column there is. */
async function cellsOf(name: string): Promise<Cell[]> {
  const [table = '', column = ''] = name.split('.');
  if (MOMENTARY.includes(name)) {
    return ['r1', 'r2'].map((rowId) => {
      const key = dataKeys.create(ada.userId as never).key;
      const place = { table, column, rowId };
      return { name, place, key, bytes: seal(key, place, { of: rowId }, systemRandom).bytes };
    });
  }
  const rows = await sql(`SELECT * FROM ${table} WHERE ${column} IS NOT NULL LIMIT 2`);
  return Promise.all(
    rows.map(async (row) => {
      const rowId = String(row['id'] ?? row['user_id']);
      return {
        name,
        place: { table, column, rowId },
        key: await keyOf(row, table, column),
        bytes: row[column] ?? Buffer.of(),
      };
    }),
  );
}

const isBroken = (key: SealingKey, place: Place, bytes: Buffer): boolean => {
  try {
    open(key, place, new Sealed(bytes));
    return false;
  } catch (error) {
    return error instanceof SealBroken;
  }
};

describe('every sealed column there is', () => {
  let cells: Cell[];
  beforeAll(async () => {
    cells = (await Promise.all(Object.keys(SEALED_COLUMNS).map(cellsOf))).flat();
  });

  test('is among the attacked, and opens where it stands', () => {
    expect([...new Set(cells.map(({ name }) => name))].sort()).toEqual(Object.keys(SEALED_COLUMNS).sort());
    expect(cells.filter(({ key, place, bytes }) => isBroken(key, place, bytes)).map(({ name }) => name)).toEqual([]);
  });

  test('opens in no other row, column or table, with the key of either', () => {
    const opened: string[] = [];
    for (const from of cells) {
      for (const to of cells) {
        if (from === to) continue;
        for (const key of [from.key, to.key]) {
          if (!isBroken(key, to.place, from.bytes)) opened.push(`${from.name} at ${to.name}`);
        }
      }
    }
    expect(opened).toEqual([]);
  });

  test('does not open with a bit flipped, cut at either end, or empty', () => {
    const damages = (bytes: Buffer) => [
      ...[0, 1, 13, bytes.length - 17, bytes.length - 1].map((at) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
        return flipped;
      }),
      bytes.subarray(1),
      bytes.subarray(0, -1),
      bytes.subarray(0, -16),
      bytes.subarray(0, 29),
      Buffer.of(),
    ];
    const opened = cells.filter(({ key, place, bytes }) =>
      damages(bytes).some((other) => !isBroken(key, place, other)),
    );
    expect(opened.map(({ name }) => name)).toEqual([]);
  });
});

/** How a column is read through the API, by its owner. */
const READ: Readonly<Record<string, () => Promise<{ code: string | undefined; data: unknown }>>> = {
  'users.email': () => ada.client.send('{ me { email } }'),
  'users.password_hash': () =>
    server.anyone.send(
      'mutation { login(input: { email: "ada@example.com", password: "correct horse battery staple" }) { __typename } }',
    ),
  'sessions.ip': () => ada.client.send('{ me { sessions { ip } } }'),
  'sessions.user_agent': () => ada.client.send('{ me { sessions { deviceName } } }'),
  'sessions.refresh_key': () =>
    server.anyone.send(`mutation { refresh(input: { refreshToken: "${ada.refreshToken}" }) { expiresIn } }`),
  'one_time_tokens.payload': () => ada.client.send('mutation { exportMyData { data } }'),
  ...Object.fromEntries(
    [
      ['display_name', 'displayName'],
      ['given_name', 'givenName'],
      ['family_name', 'familyName'],
      ['bio', 'bio'],
      ['phone', 'phone'],
      ['birth_date', 'birthDate'],
      ['address', 'address { lines }'],
      ['avatar_url', 'avatarUrl'],
      ['locale', 'locale'],
      ['time_zone', 'timeZone'],
    ].map(([column, field]) => [`profiles.${column}`, () => ada.client.send(`{ me { profile { ${field} } } }`)]),
  ),
};

describe('a value that was tampered with in the database', () => {
  const owned = Object.entries(SEALED_COLUMNS).filter(([, { by }]) => by === 'DATA_KEY' || by === 'PEPPER');

  test('is read by a request of this test, whichever column of a person it stands in', () => {
    expect(Object.keys(READ).sort()).toEqual(owned.map(([name]) => name).sort());
  });

  test.each(Object.keys(READ))(
    '%s: another’s, flipped or cut, is an error and an event, never a blank or another’s',
    async (name) => {
      const [table = '', column = ''] = name.split('.');
      const owner = table === 'users' ? 'id' : 'user_id';
      const [{ value } = { value: Buffer.of() }] = (await sql(
        `SELECT ${column} AS value FROM ${table} WHERE ${owner} = $1 AND ${column} IS NOT NULL LIMIT 1`,
        [ada.userId],
      )) as unknown as { value: Buffer }[];
      const [{ other } = { other: Buffer.of() }] = (await sql(
        `SELECT ${column} AS other FROM ${table} WHERE ${owner} = $1 AND ${column} IS NOT NULL LIMIT 1`,
        [bob.userId],
      )) as unknown as { other: Buffer }[];
      const flipped = Buffer.from(value);
      flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
      const put = (bytes: Buffer) =>
        sql(`UPDATE ${table} SET ${column} = $2 WHERE ${owner} = $1 AND ${column} IS NOT NULL`, [ada.userId, bytes]);
      const eventsNow = async () =>
        (await sql(`SELECT 1 FROM audit_events WHERE type = 'seal.broken' AND details = $1`, [{ table, column }]))
          .length;
      const before = await sql(`SELECT * FROM ${table} WHERE ${owner} = $1`, [ada.userId]);
      const noted = await eventsNow();
      try {
        for (const bytes of [other, flipped, value.subarray(0, -5)]) {
          await put(bytes);
          const { code, data } = await (READ[name] ?? (() => Promise.reject(new Error(name))))();
          expect(code).toBe('INTERNAL_SERVER_ERROR');
          expect(JSON.stringify(data)).not.toMatch(/bob/i);
        }
      } finally {
        for (const row of before) {
          const id = table === 'profiles' ? 'user_id' : 'id';
          await sql(`UPDATE ${table} SET ${column} = $2 WHERE ${id} = $1`, [row[id], row[column]]);
        }
      }
      await until('each was written', async () => (await eventsNow()) >= noted + 3);
      expect(await eventsNow()).toBe(noted + 3);
    },
  );

  test.each([
    ['another’s', () => bob],
    ['flipped', () => undefined],
  ])(
    'data_keys.wrapped: %s is an error and an event by its person, with what they were refused besides',
    async (_, from) => {
      const { userId, client } = ada;
      const [row] = await sql('SELECT id, wrapped FROM data_keys WHERE user_id = $1', [userId]);
      const { id, wrapped } = row as unknown as { id: string; wrapped: Buffer };
      const put = (bytes: Buffer) => sql('UPDATE data_keys SET wrapped = $2 WHERE id = $1', [id, bytes]);
      const [other] = await sql('SELECT wrapped FROM data_keys WHERE user_id = $1', [from()?.userId ?? userId]);
      const bytes = Buffer.from((other as unknown as { wrapped: Buffer }).wrapped);
      if (from() === undefined) bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      const told = async (type: string, subject: string | null) =>
        (
          await sql(
            'SELECT 1 FROM audit_events WHERE type = $1 AND actor_id = $2 AND subject_id IS NOT DISTINCT FROM $3',
            [type, userId, subject],
          )
        ).length;
      const counts = async () => [await told('seal.broken', id), await told('access.denied', null)];
      const [broken = 0, denied = 0] = await counts();
      await put(bytes);
      const answers = [await client.send('{ me { email } }'), await client.send('{ auditEvents { nodes { id } } }')];
      await put(wrapped);
      expect(answers.map(({ code }) => code)).toEqual(['INTERNAL_SERVER_ERROR', 'FORBIDDEN']);
      await until('the refusal was told, which came last', async () => (await told('access.denied', null)) > denied);
      expect(await counts()).toEqual([broken + 1, denied + 1]);
    },
  );
});
