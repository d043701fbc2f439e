import type { Timer } from '../../src/crypto/hash-queue.ts';

/** A timer whose time moves only when `pass` says so. */
export class ManualTimer {
  #nowMs = 0;
  readonly #due = new Set<{ atMs: number; run: () => void }>();

  readonly after: Timer = (delayMs, run) => {
    const entry = { atMs: this.#nowMs + delayMs, run };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  };

  /** Timers set and neither run nor stopped. */
  get pending(): number {
    return this.#due.size;
  }

  /** Lets `ms` pass and runs what falls due. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const entry of [...this.#due].sort((a, b) => a.atMs - b.atMs)) {
      if (entry.atMs <= this.#nowMs && this.#due.delete(entry)) entry.run();
    }
  }
}
