import { argon2id, hash, verify } from 'argon2';

/** What a hash costs: the only things of it that tell one hash's time from another's. */
export interface HashParameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

const VERSION = 0x13;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** The PHC string as the argon2 libraries write it (RFC 9106 leaves it to them). */
const ENCODED = /^\$argon2id\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const PARAMETERS = /^m=(\d+),t=(\d+),p=(\d+)$/;

/** Hashes by RFC 9106 to a PHC string of 32 bytes. `salt` has 16 random bytes (NIST SP 800-63B-4 §3.1.1.2 asks for 4). */
export function hashArgon2id(text: string, salt: Buffer, parameters: HashParameters): Promise<string> {
  return hash(text, {
    type: argon2id,
    version: VERSION,
    hashLength: HASH_BYTES,
    memoryCost: parameters.memoryKib,
    timeCost: parameters.passes,
    parallelism: parameters.parallelism,
    salt,
  });
}

/** Whether `text` was hashed to `encoded`, which must be one that `isArgon2id` knows. */
export function verifyArgon2id(encoded: string, text: string): Promise<boolean> {
  return verify(encoded, text);
}

/** Whether `encoded` is a string that `verifyArgon2id` can read. */
export function isArgon2id(encoded: string): boolean {
  return ENCODED.test(encoded);
}

/** Parameters as a hash spells them, `m=19456,t=2,p=1`; undefined when `text` is none. */
export function parseHashParameters(text: string): HashParameters | undefined {
  const [, memoryKib, passes, parallelism] = PARAMETERS.exec(text) ?? [];
  if (memoryKib === undefined) return undefined;
  return { memoryKib: Number(memoryKib), passes: Number(passes), parallelism: Number(parallelism) };
}

/** Whether `encoded` has exactly these parameters, and salt and hash of full length. */
export function isCurrentArgon2id(encoded: string, current: HashParameters): boolean {
  const [, version, memoryKib, passes, parallelism, salt = '', digest = ''] = ENCODED.exec(encoded) ?? [];
  return (
    Number(version) === VERSION &&
    Number(memoryKib) === current.memoryKib &&
    Number(passes) === current.passes &&
    Number(parallelism) === current.parallelism &&
    Buffer.from(salt, 'base64').length >= SALT_BYTES &&
    Buffer.from(digest, 'base64').length === HASH_BYTES
  );
}

/** A string that costs `parameters` to verify and that no password opens, `bytes` being 48 random ones. */
export function argon2idDecoy(bytes: Buffer, parameters: HashParameters): string {
  const [salt, digest] = [bytes.subarray(0, SALT_BYTES), bytes.subarray(SALT_BYTES)].map((part) =>
    part.toString('base64').replace(/=+$/, ''),
  );
  const { memoryKib, passes, parallelism } = parameters;
  return `$argon2id$v=${VERSION}$m=${memoryKib},t=${passes},p=${parallelism}$${salt}$${digest}`;
}
