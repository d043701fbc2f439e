import { createSecretKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { GraphQLResolveInfo } from 'graphql';
import type { Redis } from 'ioredis';
import { findFreePort } from '../../src/http/free-port.ts';
import { type AtomicStore, makeAtomicStore } from '../../src/limits/atomic-store.ts';
import { makeRateLimiter } from '../../src/limits/rate-limit-rules.ts';
import { makeRateLimitTable } from '../../src/limits/rate-limits.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { Secret } from '../../src/platform/secret.ts';
import { until } from '../support/account-acts.ts';
import { ManualClock } from '../support/clock.ts';
import { RedisServer } from '../support/redis-server.ts';

const table = makeRateLimitTable({ rateLimits: {}, addressLimit: 1_000 });
const { loginByClientAndAccount: row } = table;
const INFO = { fieldName: 'login' } as GraphQLResolveInfo;

let server: RedisServer;
let lines: string[];
let stores: AtomicStore[];

/** A node of its own: its own connection and its own memory. */
async function startNode(url = server.url, clock = systemClock): Promise<AtomicStore> {
  const log = (message: string) => void lines.push(message);
  const store = await makeAtomicStore({
    clock,
    logger: { debug: log, info: log, warn: log, error: log },
    key: createSecretKey(Buffer.alloc(32, 7)),
    redisUrl: new Secret(url),
    nodes: 2,
  });
  stores.push(store);
  return store;
}
const hitMany = (nodes: readonly AtomicStore[], times: number, identity = 'anna@example.org') =>
  Promise.all(Array.from({ length: times }, (_, i) => nodes[i % nodes.length]?.hit(row, identity)));
const allowedOf = async (nodes: readonly AtomicStore[], times = 50) =>
  (await hitMany(nodes, times)).filter((hit) => hit?.allowed).length;

beforeAll(async () => {
  server = new RedisServer(await findFreePort('127.0.0.1'), await mkdtemp(join(tmpdir(), 'gatehouse-redis-')));
  await server.start();
});
afterAll(async () => {
  await server.stop();
  await rm(server.directory, { recursive: true, force: true });
});
beforeEach(async () => {
  lines = [];
  stores = [];
  await server.ask((redis) => redis.flushall());
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.stop()));
});

describe('two nodes on one Redis', () => {
  test('let exactly the maximum of 50 parallel attempts through together', async () => {
    const nodes = [await startNode(), await startNode()];
    const hits = await hitMany(nodes, 50);
    expect(hits.filter((hit) => hit?.allowed)).toHaveLength(10);
    expect(new Set(hits.map((hit) => hit?.remaining))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(lines).toEqual([]);
  });

  test('do so by the rules of a field, with its several rows', async () => {
    const passes = await Promise.all(
      [await startNode(), await startNode()].map(async (store) => {
        const limiter = makeRateLimiter<{ client: string }>({
          table,
          store,
          identify: (part, args, context) => (part === 'client' ? context.client : String(args['account'])),
        });
        const rows = ['loginByClientAndAccount', 'loginByClient', 'loginByAccount'] as const;
        const checks = Array.from({ length: 60 }, (_, i) =>
          limiter.check(rows, undefined, { account: `account ${i % 6}` }, { client: 'one' }, INFO),
        );
        return (await Promise.all(checks)).filter((refusal) => refusal === undefined).length;
      }),
    );
    expect(passes.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  test('give an attempt back to each other, exactly that one', async () => {
    const nodes = [await startNode(), await startNode()];
    const [first] = await hitMany(nodes, 50);
    await Promise.all([first?.giveBack(), first?.giveBack()]);
    expect(await allowedOf(nodes)).toBe(1);
  });

  test('give nothing back to a window that is over: no key is written, and none below nothing', async () => {
    const node = await startNode();
    const [first] = await hitMany([node], 1);
    await server.ask((redis) => redis.flushall());
    await first?.giveBack();
    expect(await server.ask((redis) => redis.dbsize())).toBe(0);
    expect(await allowedOf([node])).toBe(10);
  });

  test('give nothing back to the window after: it would be one attempt more than the maximum', async () => {
    const clock = new ManualClock(new Date());
    const node = await startNode(server.url, clock);
    const [early] = await hitMany([node], 1);
    clock.advanceSeconds(row.windowSeconds);
    await server.ask((redis) => redis.flushall());
    expect(await allowedOf([node])).toBe(row.points);
    await early?.giveBack();
    expect(await allowedOf([node])).toBe(0);
  });

  test('leave no key behind when all is given back', async () => {
    const node = await startNode();
    const hits = await hitMany([node], 3);
    await Promise.all(hits.map((hit) => hit?.giveBack()));
    expect(await server.ask((redis) => redis.dbsize())).toBe(0);
  });
});

describe('what stands in Redis', () => {
  test('tells no address and no IP, and expires with its window', async () => {
    const node = await startNode();
    await hitMany([node], 3, 'anna@example.org');
    await hitMany([node], 12, '192.0.2.1');
    const dump = await server.ask(async (redis) => {
      const keys = await redis.keys('*');
      return Promise.all(keys.map(async (key) => ({ key, value: await redis.get(key), ttl: await redis.ttl(key) })));
    });
    expect(dump?.map(({ value }) => value).sort()).toEqual(['10', '3']);
    for (const { key, ttl } of dump ?? []) {
      expect(key).toMatch(/^gatehouse:limit:loginByClientAndAccount:[\w-]{43}$/);
      expect(ttl).toBeGreaterThan(row.windowSeconds / 2);
      expect(ttl).toBeLessThanOrEqual(row.windowSeconds);
    }
    expect(JSON.stringify(dump)).not.toMatch(/anna|example|192\.0/);
  });

  test('does not live longer for attempts that are refused, nor for what is given back', async () => {
    const node = await startNode();
    const [first] = await hitMany([node], 10);
    const shorten = (redis: Redis) => redis.keys('*').then(([key]) => redis.expire(key ?? '', 100));
    await server.ask(shorten);
    const [refused] = await hitMany([node], 1);
    expect(refused).toMatchObject({ allowed: false, retryAfterSeconds: 100 });
    await first?.giveBack();
    const [again] = await hitMany([node], 1);
    expect(again).toMatchObject({ allowed: true, retryAfterSeconds: 100 });
  });
});

describe('without Redis', () => {
  afterEach(async () => {
    await server.stop();
    await server.start();
  });

  test('a node counts its share by itself, says so once, and comes back by itself', async () => {
    const node = await startNode();
    expect(await allowedOf([node], 3)).toBe(3);
    await server.stop();
    expect(await allowedOf([node])).toBe(5);
    expect(await allowedOf([node])).toBe(0);
    expect(lines).toEqual([expect.stringContaining('Redis does not answer')]);
    await server.start();
    await until('Redis is counted on again', async () => {
      await node.hit(table.mailByClient, 'anyone');
      return lines.length === 2;
    });
    expect(lines[1]).toContain('Redis answers again');
    expect(await allowedOf([node])).toBe(10);
  });

  test('what was taken while it was there is not given back elsewhere', async () => {
    const node = await startNode();
    const [first] = await hitMany([node], 1);
    await server.stop();
    expect(await allowedOf([node])).toBe(5);
    await first?.giveBack();
    expect(await allowedOf([node])).toBe(0);
  });

  test('a node starts and finds it later', async () => {
    await server.stop();
    const node = await startNode();
    expect(await allowedOf([node])).toBe(5);
    await server.start();
    await until('Redis is counted on again', async () => {
      await node.hit(table.mailByClient, 'anyone');
      return lines.length === 2;
    });
  });

  test('a server that takes connections and never answers holds nobody up', async () => {
    const sockets = new Set<Socket>();
    const mute: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const node = await startNode(`redis://127.0.0.1:${port}`);
    expect(await allowedOf([node])).toBe(5);
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});
