import { createHmac, type KeyObject } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Secret } from '../platform/secret.ts';
import { FallbackWindows } from './fallback-windows.ts';
import { MemoryWindows } from './memory-windows.ts';
import type { RateLimitRow } from './rate-limits.ts';
import type { Windows } from './windows.ts';

/** The outcome of one attempt. Refused ones are not counted, so they never lengthen the wait. */
export interface Hit {
  readonly allowed: boolean;
  /** Attempts left in this window after this one. */
  readonly remaining: number;
  /** Whole seconds until the window ends and all attempts are back, at least 1. */
  readonly retryAfterSeconds: number;
  /**
   * Gives this one attempt back. What was refused took nothing, and a second call or one after the window's end does nothing:
   * it would take away what somebody else used up.
   */
  giveBack(): Promise<void>;
}

/** Counts attempts so that of any number of parallel ones exactly a row's maximum is allowed. */
export interface AtomicStore {
  /** Counts one attempt of `identity`, which may be an address or an IP in clear: only its HMAC is stored. Does not throw. */
  hit(row: RateLimitRow, identity: string): Promise<Hit>;
  /** Ends the connection to Redis where there is one. */
  stop(): Promise<void>;
}

export interface AtomicStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys the HMAC of identities. The same on all nodes, or they do not count together. */
  readonly key: KeyObject;
  /** Undefined: each process counts alone. */
  readonly redisUrl: Secret | undefined;
  /** How many processes share the load: without Redis each counts up to its share of each limit. */
  readonly nodes: number;
}

/**
 * In Redis where there is one, so that all nodes count together, and in this process's memory while it does not answer.
 * Waits for the connection, a second at most, and starts without it if need be.
 */
export async function makeAtomicStore(options: AtomicStoreOptions): Promise<AtomicStore> {
  const { clock, key } = options;
  const windows = await makeWindows(options);
  return {
    async hit(row, identity) {
      const took = await windows.take(row, nameOf(key, row, identity));
      const endsAtMs = clock.now().getTime() + took.msLeft;
      let isTaken = took.allowed;
      return {
        allowed: took.allowed,
        remaining: took.remaining,
        retryAfterSeconds: Math.max(1, Math.ceil(took.msLeft / 1_000)),
        async giveBack() {
          if (!isTaken || clock.now().getTime() >= endsAtMs) return;
          isTaken = false;
          await took.giveBack();
        },
      };
    },
    stop: () => windows.stop(),
  };
}

async function makeWindows({ clock, logger, redisUrl, nodes }: AtomicStoreOptions): Promise<Windows> {
  const own = new MemoryWindows(clock, nodes);
  if (redisUrl === undefined) return own;
  const { RedisWindows } = await import('./redis-windows.ts');
  const shared = new RedisWindows(redisUrl);
  await shared.connect();
  return new FallbackWindows(shared, own, clock, logger);
}

/** HMAC-SHA-256, also in this process's memory: a heap dump tells no address either. */
const nameOf = (key: KeyObject, row: RateLimitRow, identity: string): string =>
  createHmac('sha256', key).update(`${row.name}\0${identity}`).digest('base64url');
