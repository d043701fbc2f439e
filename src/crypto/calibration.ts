import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { type HashParameters, hashArgon2id } from './argon2id.ts';

export interface Calibration extends HashParameters {
  /** What one hash took. */
  readonly ms: number;
}

/** OWASP's least (m=19 MiB, t=2): below it no machine is fast enough to go. */
const LEAST = { memoryKib: 19_456, passes: 2, parallelism: 1 };
/** More would let a handful of logins take all memory. */
const MOST_KIB = 1_048_576;
const ROUNDS = 3;

/** How many milliseconds a hash takes on this machine: the quickest of a few, since whatever else runs only makes one slower. */
export const measureHash =
  (clock: Clock, random: Random) =>
  async (parameters: HashParameters): Promise<number> => {
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = clock.now().getTime();
      await hashArgon2id('a password of middling length', random.bytes(16), parameters);
      took.push(clock.now().getTime() - begun);
    }
    return Math.min(...took);
  };

/**
 * The most memory that hashes within `targetMs`, in steps of a fifth, at two passes; where even the most memory is quicker, more
 * passes (RFC 9106 §4: first memory, then passes). OWASP's least where that takes longer.
 */
export async function calibrate(
  targetMs: number,
  measure: (parameters: HashParameters) => Promise<number>,
): Promise<Calibration> {
  let best: Calibration = { ...LEAST, ms: await measure(LEAST) };
  while (best.ms <= targetMs) {
    const { memoryKib, passes, parallelism } = best;
    const next =
      memoryKib === MOST_KIB
        ? { memoryKib, passes: passes + 1, parallelism }
        : { memoryKib: Math.min(MOST_KIB, Math.ceil((memoryKib * 1.2) / 1_024) * 1_024), passes, parallelism };
    const ms = await measure(next);
    if (ms > targetMs) break;
    best = { ...next, ms };
  }
  return best;
}
