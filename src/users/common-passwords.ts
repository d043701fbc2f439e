import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PasswordList } from './password-policy.ts';

const HEADER_BYTES = 16;
const FINGERPRINT_BITS = 28;
/** Slots of one key, each in a segment of its own. */
const ARITY = 4;

/**
 * The common passwords that ship with the server, as the binary fuse filter that `make-common-passwords.mjs` writes (its format
 * is described there). Every listed password is found; another is taken for listed once in 268 million look-ups. It holds no
 * password: who reads it can only try.
 */
export class CommonPasswords implements PasswordList {
  /** How many it holds. */
  readonly count: number;
  readonly #seed: Buffer;
  readonly #segmentBits: number;
  readonly #segments: number;
  readonly #table: Buffer;

  /** Throws TypeError when `bytes` are no such filter, or are cut off. */
  constructor(bytes: Buffer) {
    const isFilter = bytes.length > HEADER_BYTES && bytes.toString('latin1', 0, 5) === 'GHCP\x01';
    if (!isFilter) throw new TypeError('This is no list of common passwords.');
    this.#seed = bytes.subarray(5, 6);
    this.#segmentBits = bytes.readUInt8(6);
    this.#segments = bytes.readUInt32LE(8);
    this.count = bytes.readUInt32LE(12);
    this.#table = bytes.subarray(HEADER_BYTES);
    const slots = (this.#segments + ARITY - 1) * 2 ** this.#segmentBits;
    if (this.#table.length !== (slots * FINGERPRINT_BITS) / 8)
      throw new TypeError('The list of common passwords is cut off.');
  }

  /** The list in `path`. Throws an Error that says how to make it when there is none. */
  static async read(path: string): Promise<CommonPasswords> {
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new Error(`The list of common passwords is missing: ${path}. "npm run build" makes it.`, { cause });
    });
    return new CommonPasswords(bytes);
  }

  /** Bytes of memory. */
  get size(): number {
    return HEADER_BYTES + this.#table.length;
  }

  /** Whether `folded`, a text that `foldPassword` folded, is listed. */
  has(folded: string): boolean {
    const digest = createHash('sha256').update(this.#seed).update(folded).digest();
    const first = Math.floor((digest.readUInt32LE(0) * this.#segments) / 2 ** 32);
    let value = digest.readUInt32LE(20) % 2 ** FINGERPRINT_BITS;
    for (let i = 0; i < ARITY; i += 1) {
      const slot = (first + i) * 2 ** this.#segmentBits + (digest.readUInt32LE(4 + 4 * i) % 2 ** this.#segmentBits);
      value ^= this.#slot(slot);
    }
    return value === 0;
  }

  /** Two slots stand in seven bytes: every second one begins in the middle of a byte. */
  #slot(number: number): number {
    const bits = number * FINGERPRINT_BITS;
    return (this.#table.readUInt32LE(bits >>> 3) >>> (bits % 8)) % 2 ** FINGERPRINT_BITS;
  }
}
