import type { Clock } from '../platform/clock.ts';
import type { RateLimitName, RateLimitRow } from './rate-limits.ts';
import type { Took, Windows } from './windows.ts';

interface Window {
  taken: number;
  readonly endsAtMs: number;
}

/** Keys of one row: when its younger half is full, the older half is dropped. Some 13 MB a row at most. */
const KEYS_PER_ROW = 100_000;

/** The keys of a row by the age of their windows. What stands in `older` opened before anything in `younger`. */
interface Halves {
  younger: Map<string, Window>;
  older: Map<string, Window>;
  turnedAtMs: number;
}

/**
 * Windows of this process alone. rate-limiter-flexible's own memory sets a timer for each key and has no bound: a million
 * made-up addresses would be a million timers for an hour. Here a row keeps its keys in two halves. Every window's length the
 * younger one turns older and the older one goes, all its windows being over; a flood of keys turns them sooner, which forgets
 * the oldest counts of that row, and of no other. So nothing is ever searched for what has ended.
 */
export class MemoryWindows implements Windows {
  readonly #clock: Clock;
  readonly #nodes: number;
  readonly #keysPerRow: number;
  readonly #rows = new Map<RateLimitName, Halves>();

  /** Each of `nodes` processes allows its share of a maximum, at least 1: together they stay within it. */
  constructor(clock: Clock, nodes: number, keysPerRow = KEYS_PER_ROW) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#keysPerRow = keysPerRow;
  }

  /** Keys held now, over all rows. */
  get size(): number {
    return [...this.#rows.values()].reduce((sum, { younger, older }) => sum + younger.size + older.size, 0);
  }

  async take(row: RateLimitRow, key: string): Promise<Took> {
    const nowMs = this.#clock.now().getTime();
    const halves = this.#halvesOf(row, nowMs);
    const known = halves.younger.get(key) ?? halves.older.get(key);
    const window = known !== undefined && nowMs < known.endsAtMs ? known : this.#open(row, halves, key, nowMs);
    const maximum = Math.max(1, Math.floor(row.points / this.#nodes));
    const allowed = window.taken < maximum;
    if (allowed) window.taken += 1;
    return {
      allowed,
      remaining: maximum - window.taken,
      msLeft: window.endsAtMs - nowMs,
      giveBack: async () => {
        window.taken -= 1;
        if (window.taken > 0) return;
        for (const half of [halves.younger, halves.older]) if (half.get(key) === window) half.delete(key);
      },
    };
  }

  async stop(): Promise<void> {
    this.#rows.clear();
  }

  #open(row: RateLimitRow, halves: Halves, key: string, nowMs: number): Window {
    halves.younger.delete(key);
    halves.older.delete(key);
    if (halves.younger.size >= this.#keysPerRow / 2) turn(halves, nowMs);
    const window = { taken: 0, endsAtMs: nowMs + row.windowSeconds * 1_000 };
    halves.younger.set(key, window);
    return window;
  }

  #halvesOf(row: RateLimitRow, nowMs: number): Halves {
    const halves = this.#rows.get(row.name) ?? { younger: new Map(), older: new Map(), turnedAtMs: nowMs };
    this.#rows.set(row.name, halves);
    if (nowMs - halves.turnedAtMs >= row.windowSeconds * 1_000) turn(halves, nowMs);
    return halves;
  }
}

function turn(halves: Halves, nowMs: number): void {
  halves.older = halves.younger;
  halves.younger = new Map();
  halves.turnedAtMs = nowMs;
}
