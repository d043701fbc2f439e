import { createHash } from 'node:crypto';
import type { Random } from '../../src/platform/random.ts';

/** Bytes that look random and are the same in every run. Two of one `seed` give the same, two of different seeds never. */
export class CountedRandom implements Random {
  #count = 0;

  constructor(readonly seed = 'seed') {}

  bytes(size: number): Buffer {
    const blocks: Buffer[] = [];
    for (let length = 0; length < size; length += 32) {
      this.#count += 1;
      blocks.push(createHash('sha256').update(`${this.seed} ${this.#count}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, size);
  }
}
