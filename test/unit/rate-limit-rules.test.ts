import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { GraphQLResolveInfo } from 'graphql';
import { makeAtomicStore } from '../../src/limits/atomic-store.ts';
import { makeRateLimiter } from '../../src/limits/rate-limit-rules.ts';
import { makeRateLimitTable, type RateLimitName } from '../../src/limits/rate-limits.ts';
import { AppError } from '../../src/platform/errors.ts';
import { ManualClock } from '../support/clock.ts';
import { silentLogger } from '../support/silent-logger.ts';

interface Request {
  readonly client?: string;
  readonly user?: string;
}
const LOGIN: readonly RateLimitName[] = ['loginByAccount', 'loginByClient', 'loginByClientAndAccount'];
const info = { fieldName: 'login' } as GraphQLResolveInfo;

async function make(rateLimits: Record<string, number> = {}) {
  const refusals: string[] = [];
  const clock = new ManualClock();
  const store = await makeAtomicStore({
    clock,
    logger: silentLogger,
    key: createSecretKey(Buffer.alloc(32, 1)),
    redisUrl: undefined,
    nodes: 1,
  });
  const limiter = makeRateLimiter<Request>({
    table: makeRateLimitTable({ rateLimits, addressLimit: 1_000 }),
    store,
    refused: (row, identity, context) => void refusals.push(`${row.name} ${identity} ${context.client}`),
    identify: (part, args, context) => {
      if (part === 'client') return context.client;
      if (part === 'user') return context.user;
      return typeof args[part] === 'string' ? args[part] : undefined;
    },
  });
  /** One attempt in a request of its own. */
  const attempt = async (client: string, account: string, rows = LOGIN) => {
    const context: Request = { client };
    const args = { account };
    const refusal = await limiter.check(rows, undefined, args, context, info);
    return { refusal, succeed: () => limiter.giveBack(rows, args, context) };
  };
  const passes = async (count: number, client: (i: number) => string, account: (i: number) => string) => {
    const attempts = Array.from({ length: count }, (_, i) => attempt(client(i), account(i)));
    return (await Promise.all(attempts)).filter(({ refusal }) => refusal === undefined).length;
  };
  return { clock, limiter, attempt, passes, refusals };
}

describe('rate limits of fields', () => {
  test('let exactly the maximum of 50 parallel attempts through, by each of their rows', async () => {
    const { passes } = await make();
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(10);
    expect(
      await passes(
        50,
        () => 'two',
        (i) => `account ${i}`,
      ),
    ).toBe(30);
    expect(
      await passes(
        150,
        (i) => `client ${i}`,
        () => 'bert',
      ),
    ).toBe(100);
  });

  test('let exactly the maximum of 50 aliases of one request through', async () => {
    const { limiter } = await make();
    const context: Request = { client: 'one' };
    const checks = Array.from({ length: 50 }, () =>
      limiter.check(LOGIN, undefined, { account: 'anna' }, context, info),
    );
    expect((await Promise.all(checks)).filter((refusal) => refusal === undefined)).toHaveLength(10);
  });

  test('are shared by all fields that name a row', async () => {
    const { limiter } = await make({ mailByAccount: 2 });
    const fields = ['register', 'resendVerification', 'requestPasswordReset'];
    const refusals = fields.map((fieldName) =>
      limiter.check(['mailByAccount'], undefined, { account: 'anna' }, { client: fieldName }, {
        fieldName,
      } as GraphQLResolveInfo),
    );
    expect((await Promise.all(refusals)).filter((refusal) => refusal === undefined)).toHaveLength(2);
  });

  test('answer RATE_LIMITED with the seconds until the window of the row that refused ends', async () => {
    const { attempt, passes, clock } = await make();
    await passes(
      10,
      () => 'one',
      () => 'anna',
    );
    clock.advance(60_000);
    const { refusal } = await attempt('one', 'anna');
    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED', facts: { retryAfter: 14 * 60 } });
    expect(refusal?.message).not.toContain('anna');
  });

  test('tell each refusal, with the row that refused and whom it counts, and nothing else', async () => {
    const { passes, refusals } = await make({ loginByClient: 2 });
    await passes(
      2,
      () => 'one',
      () => 'anna',
    );
    expect(refusals).toEqual([]);
    await passes(
      2,
      () => 'one',
      () => 'bert',
    );
    expect(refusals).toEqual(['loginByClient one one', 'loginByClient one one']);
  });

  test('open again when the window ends', async () => {
    const { attempt, passes, clock } = await make();
    await passes(
      10,
      () => 'one',
      () => 'anna',
    );
    clock.advance(15 * 60_000);
    expect((await attempt('one', 'anna')).refusal).toBeUndefined();
  });

  test('count a refused attempt nowhere: one client that goes on guessing does not shut the owner out', async () => {
    const { attempt, passes } = await make({ loginByAccount: 11 });
    expect(
      await passes(
        500,
        () => 'attacker',
        () => 'anna',
      ),
    ).toBe(10);
    expect((await attempt('owner', 'anna')).refusal).toBeUndefined();
    expect((await attempt('owner', 'anna')).refusal?.code).toBe('RATE_LIMITED');
  });

  test('ask the narrowest row first: a flood from one client never holds the account, not even for a moment', async () => {
    const { attempt } = await make({ loginByAccount: 11 });
    const flood = Array.from({ length: 500 }, () => attempt('attacker', 'anna'));
    const owner = attempt('owner', 'anna');
    expect((await owner).refusal).toBeUndefined();
    expect((await Promise.all(flood)).filter(({ refusal }) => refusal === undefined)).toHaveLength(10);
  });

  test('give the rows before back what a refused attempt took from them', async () => {
    const { attempt, passes, clock } = await make({ loginByClient: 5 });
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(5);
    clock.advance(3_600_000 - 1);
    await passes(
      50,
      () => 'one',
      () => 'anna',
    );
    clock.advance(1);
    expect((await attempt('one', 'anna')).refusal).toBeUndefined();
  });

  test('get a success back, and only that one: logins of their own buy no guesses', async () => {
    const { attempt, passes } = await make();
    expect(
      await passes(
        9,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(9);
    const own = await attempt('one', 'anna');
    await own.succeed();
    await own.succeed();
    await (await attempt('one', 'bert')).succeed();
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(1);
  });

  test('let an office behind one address log in all day', async () => {
    const { attempt } = await make();
    for (let i = 0; i < 200; i++) {
      const { refusal, succeed } = await attempt('office', `account ${i % 60}`);
      expect(refusal).toBeUndefined();
      await succeed();
    }
  });

  test('give a success back although parallel attempts were refused', async () => {
    const { attempt, passes } = await make();
    const attempts = await Promise.all(Array.from({ length: 50 }, () => attempt('one', 'anna')));
    await Promise.all(attempts.map(({ succeed }) => succeed()));
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(10);
  });

  test('give each of several attempts of one request back by itself', async () => {
    const { limiter, passes } = await make({ loginByClientAndAccount: 1 });
    const context: Request = { client: 'one' };
    for (const account of ['anna', 'bert', 'cleo']) {
      expect(await limiter.check(LOGIN, undefined, { account }, context, info)).toBeUndefined();
    }
    await limiter.giveBack(LOGIN, { account: 'anna' }, context);
    await limiter.giveBack(LOGIN, { account: 'cleo' }, context);
    const accounts = ['anna', 'bert', 'cleo'];
    const open = await Promise.all(
      accounts.map((account) =>
        passes(
          9,
          () => 'one',
          () => account,
        ),
      ),
    );
    expect(open).toEqual([1, 0, 1]);
  });

  test('give back as many of the same attempts as succeeded, and of no other row', async () => {
    const { limiter, passes } = await make({ mailByClient: 1 });
    const context: Request = { client: 'one' };
    const args = { account: 'anna' };
    await limiter.check(['mailByClient'], undefined, args, context, info);
    for (let i = 0; i < 10; i++) await limiter.check(LOGIN, undefined, args, context, info);
    await limiter.giveBack(LOGIN, args, context);
    await limiter.giveBack(LOGIN, args, context);
    await limiter.giveBack(['loginByClient'], args, context);
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(2);
    expect((await limiter.check(['mailByClient'], undefined, args, { client: 'one' }, info))?.code).toBe(
      'RATE_LIMITED',
    );
  });

  test('keep what counts every attempt after a success, and give it back where nothing was tried', async () => {
    const { limiter } = await make({ mailByAccount: 1 });
    const check = (context: Request) => limiter.check(['mailByAccount'], undefined, { account: 'anna' }, context, info);
    const first: Request = { client: 'one' };
    expect(await check(first)).toBeUndefined();
    await limiter.giveBack(['mailByAccount'], { account: 'anna' }, first, 'succeeded');
    expect((await check({ client: 'two' }))?.code).toBe('RATE_LIMITED');
    await limiter.giveBack(['mailByAccount'], { account: 'anna' }, first, 'untried');
    expect(await check({ client: 'two' })).toBeUndefined();
  });

  test('give nothing back for an attempt that this request did not make', async () => {
    const { limiter, passes } = await make();
    await passes(
      10,
      () => 'one',
      () => 'anna',
    );
    await limiter.giveBack(LOGIN, { account: 'anna' }, { client: 'one' });
    expect(
      await passes(
        50,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(0);
  });

  test('leave out a row that has nobody to count, and count by the others', async () => {
    const { limiter } = await make({ loginByClient: 2 });
    const check = (context: Request) => limiter.check([...LOGIN, 'updateProfileByUser'], undefined, {}, context, info);
    expect(await check({ client: 'one' })).toBeUndefined();
    expect(await check({ client: 'one' })).toBeUndefined();
    expect((await check({ client: 'one' }))?.code).toBe('RATE_LIMITED');
  });

  test('tell a client and an account from another pair that reads the same', async () => {
    const { passes } = await make();
    expect(
      await passes(
        10,
        () => 'a',
        () => 'b,c',
      ),
    ).toBe(10);
    expect(
      await passes(
        10,
        () => 'a,b',
        () => 'c',
      ),
    ).toBe(10);
  });

  test('never pass a request that has no client', async () => {
    const { limiter } = await make();
    await expect(limiter.check(['updateProfileByUser'], undefined, {}, { user: 'anna' }, info)).rejects.toThrow(
      TypeError,
    );
  });

  test('take the largest maximum that a setting may give, at the same cost', async () => {
    const { passes } = await make({ loginByClientAndAccount: 1e9, loginByClient: 1e9, loginByAccount: 1e9 });
    expect(
      await passes(
        3_000,
        () => 'one',
        () => 'anna',
      ),
    ).toBe(3_000);
  });
});
