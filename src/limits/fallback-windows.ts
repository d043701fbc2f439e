import type { Clock } from '../platform/clock.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import type { RateLimitRow } from './rate-limits.ts';
import type { Took, Windows } from './windows.ts';

/** After a failure, how long until one attempt asks the shared windows again. */
const REST_MS = 1_000;

/**
 * The shared windows while they answer, this process's own while they do not: losing Redis loosens a limit to each node's
 * share, and neither opens nor closes the door. The log says each change once.
 */
export class FallbackWindows implements Windows {
  readonly #shared: Windows;
  readonly #own: Windows;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #isDown = false;
  #restsUntilMs = 0;

  constructor(shared: Windows, own: Windows, clock: Clock, logger: Logger) {
    this.#shared = shared;
    this.#own = own;
    this.#clock = clock;
    this.#logger = logger;
  }

  async take(row: RateLimitRow, key: string): Promise<Took> {
    if (this.#isDown) {
      const nowMs = this.#clock.now().getTime();
      if (nowMs < this.#restsUntilMs) return this.#own.take(row, key);
      // One attempt tries it, the others do not wait for its timeout.
      this.#restsUntilMs = nowMs + REST_MS;
    }
    try {
      const took = await this.#shared.take(row, key);
      this.#sayUp();
      return { ...took, giveBack: () => took.giveBack().catch((error: unknown) => this.#sayDown(error)) };
    } catch (error) {
      this.#sayDown(error);
      return this.#own.take(row, key);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#shared.stop(), this.#own.stop()]);
  }

  #sayDown(error: unknown): void {
    this.#restsUntilMs = this.#clock.now().getTime() + REST_MS;
    if (this.#isDown) return;
    this.#isDown = true;
    this.#logger.warn(
      'Redis does not answer: until it does, this node counts its share of each rate limit by itself',
      errorFacts(error),
    );
  }

  #sayUp(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.info('Redis answers again: rate limits are counted together with the other nodes');
  }
}
