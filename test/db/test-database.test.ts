import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { ask, refusal } from '../support/postgres-probe.ts';

describe('a cloned database', () => {
  let one: TestDatabase;
  let two: TestDatabase;

  beforeAll(async () => {
    [one, two] = await Promise.all([cloneDatabase(), cloneDatabase()]);
  });
  afterAll(() => Promise.all([one.drop(), two.drop()]));

  test('is migrated, with the rights of both roles', async () => {
    expect(await ask(one.ownerUrl.reveal(), 'SELECT count(*)::int AS n FROM users')).toEqual([{ n: 0 }]);
    expect(await ask(one.serverUrl.reveal(), 'SELECT count(*)::int AS n FROM users')).toEqual([{ n: 0 }]);
    expect(await refusal(one.serverUrl.reveal(), 'DELETE FROM audit_events')).toBe('42501');
    expect(await refusal(one.serverUrl.reveal(), 'CREATE TABLE more (id int)')).toBe('42501');
  });

  test('shares nothing with another', async () => {
    await ask(one.ownerUrl.reveal(), 'CREATE TABLE only_here (id int)');
    expect(await refusal(two.ownerUrl.reveal(), 'SELECT * FROM only_here')).toBe('42P01');
  });

  test('is gone when it is dropped, whoever is connected', async () => {
    const three = await cloneDatabase();
    const waiting = refusal(three.ownerUrl.reveal(), 'SELECT pg_sleep(20)');
    await three.drop();
    expect(await waiting).not.toBe('none');
    expect(await refusal(three.ownerUrl.reveal())).toBe('3D000');
  });
});
