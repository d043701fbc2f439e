import type { RateLimitRow } from './rate-limits.ts';

/** What one attempt took, or did not. */
export interface Took {
  readonly allowed: boolean;
  /** Attempts left in the window. */
  readonly remaining: number;
  /** Until the window ends. */
  readonly msLeft: number;
  /** Gives this one attempt back. To be called once, in this window, for an attempt that was allowed. */
  giveBack(): Promise<void>;
}

/**
 * Fixed windows: the first attempt of a key opens one, its end brings all attempts back. `take` reads and counts in one step,
 * so parallel calls are counted one after the other, and it does not count what it refuses.
 */
export interface Windows {
  take(row: RateLimitRow, key: string): Promise<Took>;
  stop(): Promise<void>;
}
