import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { takeWorkLock } from '../../src/platform/work-lock.repository.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

let clone: TestDatabase;
const nodes: DataSource[] = [];
beforeAll(async () => {
  clone = await cloneDatabase();
  for (let node = 0; node < 2; node += 1) {
    nodes.push(await openDatabase(dataSourceOptions, { url: clone.serverUrl, pool: 25 }));
  }
});
afterAll(async () => {
  for (const node of nodes) await node.destroy();
  await clone.drop();
});

const [one, other] = [() => nodes[0] as DataSource, () => nodes[1] as DataSource];
const take = (node: DataSource) => node.transaction((tx) => takeWorkLock(tx, 'clean-up'));

test('the lock of some work is taken by one node, and refused to another at once until the transaction ends', async () => {
  await one().transaction(async (tx) => {
    expect(await takeWorkLock(tx, 'clean-up')).toBe(true);
    expect(await takeWorkLock(tx, 'clean-up')).toBe(true);
    expect(await take(other())).toBe(false);
    expect(await take(one())).toBe(false);
  });
  expect(await take(other())).toBe(true);
});

test('the lock goes with a transaction that is rolled back', async () => {
  const failing = one().transaction(async (tx) => {
    await takeWorkLock(tx, 'clean-up');
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  expect(await take(other())).toBe(true);
});

test('of 50 transactions on two nodes one has the lock', async () => {
  let asked = 0;
  let release: (() => void) | undefined;
  const allAsked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const tries = Array.from({ length: 50 }, (_, index) =>
    (index % 2 === 0 ? one() : other()).transaction(async (tx) => {
      const taken = await takeWorkLock(tx, 'clean-up');
      asked += 1;
      if (asked === 50) release?.();
      await allAsked;
      return taken;
    }),
  );
  expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
});
