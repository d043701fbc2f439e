import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Where randomness comes from. A seam: a test may pass a counter to get the same ids twice. */
export interface Random {
  /** `size` bytes fit for keys (CSPRNG). */
  bytes(size: number): Buffer;
}

export const systemRandom: Random = { bytes: (size) => randomBytes(size) };

const POOL_BYTES = 4_096;

const pools = new WeakMap<Random, Random>();

/**
 * Bytes drawn from `random` many at once, in one pool for all who ask for it: a call of the CSPRNG costs more than its bytes. For
 * ids and nonces; a secret must not lie about: who takes one here wipes it after use.
 */
export function inPools(random: Random): Random {
  const known = pools.get(random);
  if (known !== undefined) return known;
  let pool: Buffer = Buffer.alloc(0);
  const pooled = {
    bytes(size: number) {
      if (pool.length < size) pool = random.bytes(Math.max(POOL_BYTES, size));
      const taken = pool.subarray(0, size);
      pool = pool.subarray(size);
      return taken;
    },
  };
  pools.set(random, pooled);
  return pooled;
}

/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits, so that rows made together stand together
 * in an index. An id, never a secret: tokens take 32 bytes of `Random` instead (ASVS v5.0.0-11.5.1).
 */
export function uuidv7(clock: Clock, random: Random): string {
  const bytes = random.bytes(16);
  bytes.writeUIntBE(clock.now().getTime(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
