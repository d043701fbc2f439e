import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { type HashParameters, hashArgon2id } from './argon2id.ts';

export interface Calibration extends HashParameters {
  /** What one hash took. */
  readonly ms: number;
}

/** OWASP's least (m=19 MiB, t=2): below it no machine is fast enough to go. */
const LEAST_KIB = 19_456;
const PASSES = 2;
/** More would let a handful of logins take all memory. */
const MOST_KIB = 1_048_576;
const ROUNDS = 3;

/**
 * The most memory that hashes within `targetMs`, in steps of a fifth, at two passes; where even the most memory is quicker, more
 * passes (RFC 9106 §4: first memory, then passes). OWASP's least where that takes longer.
 */
export async function calibrate(targetMs: number, clock: Clock, random: Random): Promise<Calibration> {
  const measure = async (parameters: HashParameters): Promise<Calibration> => {
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = clock.now().getTime();
      await hashArgon2id('a password of middling length', random.bytes(16), parameters);
      took.push(clock.now().getTime() - begun);
    }
    return { ...parameters, ms: Math.min(...took) };
  };
  let best = await measure({ memoryKib: LEAST_KIB, passes: PASSES, parallelism: 1 });
  while (best.ms <= targetMs) {
    const isMost = best.memoryKib === MOST_KIB;
    const memoryKib = Math.min(MOST_KIB, Math.ceil((best.memoryKib * 1.2) / 1_024) * 1_024);
    const next = await measure({ ...best, memoryKib, passes: isMost ? best.passes + 1 : best.passes });
    if (next.ms > targetMs) break;
    best = next;
  }
  return best;
}
