import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { PipelinedClients } from '../../src/platform/pipelined-clients.ts';
import { prepareWith, queryPrepared } from '../../src/platform/prepared-statements.ts';
import { isUniqueViolation } from '../../src/platform/transaction.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const LOCK_MS = 100;
const BACKEND = { name: 'backend', text: 'SELECT pg_backend_pid() AS pid, $1::int AS given' };
const ADD = { name: 'add-thing', text: 'INSERT INTO things (id) VALUES ($1) RETURNING id' };
const TAKE = {
  name: 'take-thing',
  text: 'WITH changed AS (UPDATE things SET taken = taken + 1 WHERE id = $1 RETURNING taken) SELECT taken FROM changed',
};

let clone: TestDatabase;
let plain: DataSource;
let prepared: DataSource;
let clients: PipelinedClients;
beforeAll(async () => {
  clone = await cloneDatabase();
  const owner = await openDatabase(dataSourceOptions, { url: clone.ownerUrl, pool: 1 });
  await owner.query('CREATE TABLE things (id int CONSTRAINT things_pkey PRIMARY KEY, taken int NOT NULL DEFAULT 0)');
  await owner.query('GRANT ALL ON things TO PUBLIC');
  await owner.destroy();
  plain = await openDatabase(dataSourceOptions, { url: clone.serverUrl, pool: 2 });
  prepared = await openDatabase(dataSourceOptions, { url: clone.serverUrl, pool: 2 });
  clients = new PipelinedClients(clone.serverUrl, { name: 'gatehouse-test', connections: 2, lockMs: LOCK_MS });
  prepareWith(prepared, clients);
});
beforeEach(() => plain.query('DELETE FROM things'));
afterAll(async () => {
  await clients.stop();
  await plain.destroy();
  await prepared.destroy();
  await clone.drop();
});

const namesIn = (rows: readonly { name: string }[]) => rows.map(({ name }) => name);

describe('a statement that is prepared', () => {
  test('is prepared once by the connection of a transaction, and undone with it', async () => {
    const names = await prepared
      .transaction(async (tx) => {
        expect(await queryPrepared(tx, ADD, [1])).toEqual([{ id: 1 }]);
        expect(await queryPrepared(tx, ADD, [2])).toEqual([{ id: 2 }]);
        throw Object.assign(new Error('undone'), { rows: await tx.query('SELECT name FROM pg_prepared_statements') });
      })
      .catch((error: { rows: { name: string }[] }) => namesIn(error.rows));
    expect(names).toEqual(['add-thing']);
    expect(await plain.query('SELECT id FROM things')).toEqual([]);
  });

  test('runs on connections that all share outside of a transaction', async () => {
    const asked = Array.from({ length: 20 }, (_, index) => index);
    const rows = await Promise.all(
      asked.map((each) => queryPrepared<{ pid: number; given: number }>(prepared.manager, BACKEND, [each])),
    );
    expect(rows.map(([row]) => row?.given)).toEqual(asked);
    expect(new Set(rows.map(([row]) => row?.pid)).size).toBe(2);
  });

  test('fails as TypeORM’s do, and those sent with it do not', async () => {
    const [first, again, other] = await Promise.allSettled(
      [1, 1, 2].map((id) => queryPrepared(prepared.manager, ADD, [id])),
    );
    const failed = [first, again].filter((each) => each?.status === 'rejected');
    expect(failed.map((each) => isUniqueViolation(each?.reason, 'things_pkey'))).toEqual([true]);
    expect(other?.status).toBe('fulfilled');
  });

  test('waits for a row that somebody holds where nobody stands behind it', async () => {
    for (const id of [1, 2]) await queryPrepared(prepared.manager, ADD, [id]);
    const waiting = await plain.transaction(async (tx) => {
      await tx.query('SELECT FROM things WHERE id = 1 FOR UPDATE');
      const held = queryPrepared(prepared.manager, TAKE, [1]);
      // Behind the first they would wait for the end of this transaction, which waits for them.
      const others = Array.from({ length: 4 }, () => queryPrepared(prepared.manager, TAKE, [2]));
      expect((await Promise.all(others)).flat()).toHaveLength(4);
      // Wrapped: awaited by this very transaction it would wait for its own end.
      return { held };
    });
    expect(await waiting.held).toEqual([{ taken: 1 }]);
  });

  test('is a plain one where nothing may be prepared', async () => {
    const names = await plain.transaction(async (tx) => {
      await queryPrepared(tx, ADD, [1]);
      return tx.query<{ name: string }[]>('SELECT name FROM pg_prepared_statements');
    });
    expect(names).toEqual([]);
    expect(await queryPrepared(plain.manager, ADD, [2])).toEqual([{ id: 2 }]);
  });
});
