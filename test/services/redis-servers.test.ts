import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { findFreePort } from '../../src/http/free-port.ts';
import { login, until } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { RedisServer } from '../support/redis-server.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const EMAIL = 'ada@example.com';
let redis: RedisServer;
let one: TestServer;
let other: TestServer;
let ada: LoggedInClient;
const log = recordingLogger();

beforeAll(async () => {
  redis = new RedisServer(await findFreePort('127.0.0.1'), await mkdtemp(join(tmpdir(), 'gatehouse-redis-')));
  await redis.start();
  const settings = { REDIS_URL: redis.url, NODES: '2', ADDRESS_LIMIT: '100', ACCESS_TOKEN_SECONDS: '3600' };
  one = await startTestServer(settings, undefined, log);
  other = await startTestServer(settings, one.shared);
  await one.signUp(EMAIL);
  ada = await one.logIn(EMAIL);
});
afterAll(async () => {
  await other.stop();
  await one.stop();
  await redis.stop();
  await rm(redis.directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await redis.ask((client) => client.flushall());
  // What a server counted by itself is over, too.
  one.clock.advanceSeconds(60);
  log.lines.length = 0;
});

const nodes = () => [ada.client, other.anyone.as(ada.accessToken)];
const TEN = `mutation { ${Array.from({ length: 10 }, (_, at) => `a${at}: updateProfile(input: { bio: "${at}" }) { user { id } }`).join(' ')} }`;
/** Requests of ten aliases each, half to one server and half to the other, all at once. */
const sendAliases = (requests: number): Promise<Answer[]> =>
  Promise.all(Array.from({ length: requests }, (_, at) => (nodes()[at % 2] ?? ada.client).send(TEN)));
const passedOf = (answers: readonly Answer[]) =>
  answers.flatMap(({ data }) => Object.values(data)).filter((value) => value !== null).length;
const codesOf = (answers: readonly Answer[]) =>
  new Set(answers.flatMap(({ errors }) => errors).map((error) => error.extensions.code));

/** That each counted by itself, in halves that add up to the maximum, would not be seen otherwise. */
let isAway = false;
const redisLines = () => log.lines.filter(({ message }) => message.startsWith('Redis')).map(({ level }) => level);

describe('two servers on one Redis', () => {
  afterEach(() => {
    if (!isAway) expect(redisLines()).toEqual([]);
  });

  test('let exactly the maximum of aliases through, of all requests to both at once', async () => {
    const answers = await sendAliases(12);
    expect(passedOf(answers)).toBe(60);
    expect(codesOf(answers)).toEqual(new Set(['RATE_LIMITED']));
  });

  test('let exactly ten guesses through, of 50 to both at once', async () => {
    const guesses = Array.from({ length: 50 }, (_, at) =>
      login((at % 2 ? one : other).anyone, EMAIL, `not the password ${at}`),
    );
    const codes = (await Promise.all(guesses)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(10);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(40);
  });

  test('share the window of an address', async () => {
    const answers = Array.from({ length: 150 }, (_, at) =>
      fetch(`${(at % 2 ? one : other).url}/.well-known/jwks.json`),
    );
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(50);
  });

  test('go on without it, each with its half, say so once, and count together again when it is back', async () => {
    isAway = true;
    await redis.stop();
    expect(passedOf(await sendAliases(12))).toBe(60);
    expect(passedOf(await sendAliases(2))).toBe(0);
    expect(redisLines()).toEqual(['warn']);
    await redis.start();
    await until('Redis is counted on again', async () => {
      one.clock.advanceSeconds(1);
      await Promise.all([one, other].map(({ url }) => fetch(`${url}/elsewhere`)));
      return redisLines().length === 2;
    });
    await redis.ask((client) => client.flushall());
    expect(passedOf(await sendAliases(12))).toBe(60);
    expect(passedOf(await sendAliases(2))).toBe(0);
    expect(redisLines()).toEqual(['warn', 'info']);
  });
});
