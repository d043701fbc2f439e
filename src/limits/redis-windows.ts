import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Secret } from '../platform/secret.ts';
import type { RateLimitName, RateLimitRow } from './rate-limits.ts';
import type { Took, Windows } from './windows.ts';

/** How long an answer may take: longer, and this process counts by itself rather than let requests wait. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
const LONGEST_RETRY_MS = 2_000;

/**
 * In place of the library's own script, which counts refused attempts too (then a success of one that got through would not
 * open the window again), and which lets a late giving back write a key with −1 (one attempt more than the maximum).
 * KEYS[1] the window · ARGV: points to take (negative: to give back), window in seconds, maximum.
 */
const TAKE_OR_GIVE_BACK = `
local points, seconds, maximum = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local taken = tonumber(redis.call('get', KEYS[1]) or '0')
local left = redis.call('pttl', KEYS[1])
if points < 0 then
  if taken + points > 0 then
    return { redis.call('incrby', KEYS[1], points), left }
  end
  redis.call('del', KEYS[1])
  return { 0, 0 }
end
if left < 0 then
  redis.call('set', KEYS[1], points, 'EX', seconds)
  return { points, seconds * 1000 }
end
if taken + points > maximum then
  return { taken + points, left }
end
return { redis.call('incrby', KEYS[1], points), left }
`;

/** Windows in Redis (or Valkey), shared by all nodes. `take` throws when Redis cannot be reached; it comes back by itself. */
export class RedisWindows implements Windows {
  readonly #redis: Redis;
  readonly #limiters = new Map<RateLimitName, RateLimiterRedis>();

  constructor(url: Secret) {
    this.#redis = new Redis(url.reveal(), {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      // A connection that does not close by itself would keep the process alive for as long.
      disconnectTimeout: COMMAND_TIMEOUT_MS,
      // A command waits for no connection, and none is sent twice: an attempt would count double.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_RETRY_MS),
      // After a failover the old primary answers READONLY: look the address up again.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    // Each failed command says so itself; without a listener ioredis writes to the console.
    this.#redis.on('error', () => undefined);
  }

  /** Waits for the first connection, a second at most. Does not throw: the next ones are tried in the background. */
  async connect(): Promise<void> {
    await this.#redis.connect().catch(() => undefined);
  }

  async take(row: RateLimitRow, key: string): Promise<Took> {
    const limiter = this.#limiterOf(row);
    const { allowed, result } = await limiter.consume(key).then(
      (res) => ({ allowed: true, result: res }),
      (refusal: unknown) => {
        if (refusal instanceof RateLimiterRes) return { allowed: false, result: refusal };
        throw refusal;
      },
    );
    return {
      allowed,
      remaining: result.remainingPoints,
      msLeft: result.msBeforeNext,
      giveBack: async () => {
        await limiter.reward(key);
      },
    };
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
  }

  #limiterOf(row: RateLimitRow): RateLimiterRedis {
    const known = this.#limiters.get(row.name);
    if (known !== undefined) return known;
    const limiter = new RateLimiterRedis({
      storeClient: this.#redis,
      keyPrefix: `gatehouse:limit:${row.name}`,
      points: row.points,
      duration: row.windowSeconds,
      customIncrTtlLuaScript: TAKE_OR_GIVE_BACK,
    });
    this.#limiters.set(row.name, limiter);
    return limiter;
  }
}
