import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Actor, type AuditEvent, detach, withoutKey } from './audit-event.ts';
import { type Name, toName } from './event-details.ts';

/** A limit that refused somebody. */
export interface LimitRefusal {
  /** The limit's name in the table of limits. */
  readonly limit: string;
  /**
   * Whom it counts, as the limit's store names them: keyed hashes, no address and no IP. Stays in memory. Undefined for a limit of the
   * server's own, which counts everybody together.
   */
  readonly key: string | undefined;
  readonly windowSeconds: number;
  readonly by: Actor;
}

interface Window {
  readonly limit: Name;
  readonly windowSeconds: number;
  readonly by: Actor;
  readonly endsAtMs: number;
  refused: number;
}

const MAX_WINDOWS = 10_000;
const SWEEP_MS = 1_000;

/**
 * Turns a flood of refusals into two events: one at the first of a key and window, and, where more followed, one with the count
 * when the window has ended. Bounded: beyond `maxWindows` keys at once the further ones get no event but a line in the log.
 */
export class LimitRefusals {
  readonly #record: (event: AuditEvent) => void;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxWindows: number;
  readonly #windows = new Map<string, Window>();
  #timer: NodeJS.Timeout | undefined;
  #unheard = 0;

  constructor(parts: { record: (event: AuditEvent) => void; clock: Clock; logger: Logger; maxWindows?: number }) {
    this.#record = parts.record;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#maxWindows = parts.maxWindows ?? MAX_WINDOWS;
  }

  /** Takes note of one refusal. Throws a TypeError for a limit whose name is none (`toName`): a programmer's mistake. */
  refused({ limit, key, windowSeconds, by }: LimitRefusal): void {
    const nowMs = this.#clock.now().getTime();
    const name = JSON.stringify([limit, key ?? null]);
    const open = this.#windows.get(name);
    if (open !== undefined && nowMs < open.endsAtMs) {
      open.refused += 1;
      return;
    }
    if (open !== undefined) this.#close(name, open);
    if (this.#windows.size >= this.#maxWindows) {
      this.#unheard += 1;
      return;
    }
    const endsAtMs = nowMs + windowSeconds * 1_000;
    const told = detach(by);
    // The count of everybody together is nobody's.
    const counted: Actor = key === undefined ? { kind: 'SYSTEM' } : withoutKey(told);
    const window = { limit: toName(limit), windowSeconds, by: counted, endsAtMs, refused: 1 };
    this.#windows.set(name, window);
    this.#report({ ...window, by: told }, 'FIRST');
  }

  start(): void {
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Closes the windows that have ended. */
  sweep(): void {
    const nowMs = this.#clock.now().getTime();
    for (const [name, window] of this.#windows) if (window.endsAtMs <= nowMs) this.#close(name, window);
    if (this.#unheard > 0) {
      this.#logger.error('more clients are over a limit than the audit trail can tell apart', {
        refused: this.#unheard,
      });
      this.#unheard = 0;
    }
  }

  /** Closes all windows, so that their counts are recorded before the queue stops. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const [name, window] of this.#windows) this.#close(name, window);
  }

  #close(name: string, window: Window): void {
    this.#windows.delete(name);
    if (window.refused > 1) this.#report(window, 'TOTAL');
  }

  #report({ limit, windowSeconds, by, refused }: Window, stage: 'FIRST' | 'TOTAL'): void {
    this.#record({ type: 'limit.exceeded', by, details: { limit, stage, refused, windowSeconds } });
  }
}
