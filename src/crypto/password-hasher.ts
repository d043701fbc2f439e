import type { Random } from '../platform/random.ts';
import {
  argon2idDecoy,
  type HashParameters,
  hashArgon2id,
  isArgon2id,
  isCurrentArgon2id,
  parseHashParameters,
  verifyArgon2id,
} from './argon2id.ts';
import { type HashLane, HashQueue, type HashQueueLimits, type Timer } from './hash-queue.ts';
import { isPasswordTooLong, isWellFormedPassword, normalisePassword } from './password-text.ts';

export interface PasswordHasherSettings extends HashQueueLimits {
  readonly memoryKib: number;
  readonly passes: number;
}

/** How many users' hashes have which parameters, as a hash spells them: `m=19456,t=2,p=1`. */
export interface HashParametersInUse {
  readonly parameters: string;
  readonly users: number;
}

interface Decoy {
  readonly encoded: string;
  /** Picked by points from the one before it up to this, of 0 to 1. */
  readonly upTo: number;
}

/** Reads and checks hashes of one kind. */
interface Verifier {
  readonly canRead: (encoded: string) => boolean;
  readonly verify: (encoded: string, text: string) => Promise<boolean>;
}

/** By the name between the first two `$` of the hash. Another kind of hash is one more row. */
const VERIFIERS: ReadonlyMap<string, Verifier> = new Map([
  ['argon2id', { canRead: isArgon2id, verify: verifyArgon2id }],
]);

/** 48 bits of the keyed hash pick the decoy: as fine as a double takes without rounding. */
const POINT_BYTES = 6;
const DECOY_BYTES = 48;

/**
 * Hashes and verifies passwords with argon2id (OWASP Password Storage: m=19 MiB, t=2, p=1 at least). All of it passes one
 * bounded queue: full or late, it is AppError BUSY with `retryAfter`. Passwords are taken as typed and hashed in NFKC.
 *
 * No transaction and no pooled connection may be held while one of its promises is open.
 */
export class PasswordHasher {
  readonly #parameters: HashParameters;
  readonly #random: Random;
  readonly #queue: HashQueue;
  readonly #decoyBytes: Buffer;
  #decoys: readonly Decoy[] = [];

  constructor(settings: PasswordHasherSettings, random: Random, timer?: Timer) {
    this.#parameters = { memoryKib: settings.memoryKib, passes: settings.passes, parallelism: 1 };
    this.#random = random;
    this.#queue = new HashQueue(settings, timer);
    this.#decoyBytes = random.bytes(DECOY_BYTES);
    this.setDecoyParameters([]);
  }

  /** A PHC string with a fresh salt. TypeError for what no policy lets through: over 256 code points, or a lone surrogate. */
  async hash(password: string, lane: HashLane): Promise<string> {
    if (!isHashable(password)) throw new TypeError('The password must be judged before it is hashed.');
    const text = normalisePassword(password);
    return this.#queue.run(lane, () => hashArgon2id(text, this.#random.bytes(16), this.#parameters));
  }

  /**
   * Whether `password` was hashed to `encoded`. An unknown or broken hash is false after a decoy's work. What cannot be a
   * password at all is false at once, for any account alike: an answer's time tells only what was typed.
   */
  async verify(encoded: string, password: string, lane: HashLane): Promise<boolean> {
    if (!isHashable(password)) return false;
    const text = normalisePassword(password);
    const verifier = VERIFIERS.get(encoded.split('$', 2)[1] ?? '');
    if (verifier?.canRead(encoded)) return this.#queue.run(lane, () => verifier.verify(encoded, text));
    await this.#queue.run(lane, () => verifyArgon2id(this.#decoy(this.#parameters), text));
    return false;
  }

  /** Resolves where a hash may be asked for; else BUSY as `verify` answers it. To be asked before an account is looked up. */
  findRoom(lane: HashLane): Promise<void> {
    return this.#queue.findRoom(lane);
  }

  /** Whether a hash that just verified should be made anew: another kind, or parameters other than the settings'. */
  needsRehash(encoded: string): boolean {
    return !isCurrentArgon2id(encoded, this.#parameters);
  }

  /**
   * Says which parameters the stored hashes have, so that decoys have them in the same proportions. What is no such text does
   * not count; with nothing left, decoys have the settings' parameters. While users move from an old set to a new one, an
   * address moves once, as a user does.
   */
  setDecoyParameters(inUse: readonly HashParametersInUse[]): void {
    const known = inUse.flatMap(({ parameters: text, users }) => {
      const parameters = parseHashParameters(text);
      return parameters !== undefined && users > 0 ? [{ parameters, users }] : [];
    });
    const shares = known.length > 0 ? known : [{ parameters: this.#parameters, users: 1 }];
    const total = shares.reduce((sum, { users }) => sum + users, 0);
    let seen = 0;
    // A fixed order, so that a share that grows or shrinks moves only the addresses at its edge.
    const ordered = shares.toSorted((a, b) => compareCost(a.parameters, b.parameters));
    this.#decoys = ordered.map(({ parameters, users }) => {
      seen += users;
      return { encoded: this.#decoy(parameters), upTo: seen / total };
    });
  }

  /**
   * The hash to verify against where an address has no account, or an account no password: same work, never true.
   * `keyedHash` is an HMAC of the address of 6 bytes or more (else TypeError), so that one address always costs the same and
   * nobody outside knows what it should.
   */
  decoyFor(keyedHash: Uint8Array): string {
    if (keyedHash.length < POINT_BYTES) throw new TypeError('A decoy is picked by 6 bytes or more.');
    const point = Buffer.from(keyedHash).readUIntBE(0, POINT_BYTES) / 2 ** (8 * POINT_BYTES);
    return this.#decoys.find(({ upTo }) => point < upTo)?.encoded ?? this.#decoy(this.#parameters);
  }

  #decoy(parameters: HashParameters): string {
    return argon2idDecoy(this.#decoyBytes, parameters);
  }
}

function isHashable(password: string): boolean {
  return !isPasswordTooLong(password) && isWellFormedPassword(password);
}

function compareCost(a: HashParameters, b: HashParameters): number {
  return a.memoryKib - b.memoryKib || a.passes - b.passes || a.parallelism - b.parallelism;
}
