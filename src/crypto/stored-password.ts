import type { UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import type { Keyring } from './keyring.ts';
import { open, type Sealed, seal } from './sealed.ts';

/** A password as its row holds it: the encoded argon2id hash, sealed under the pepper key `pepperId`. */
export interface StoredPassword {
  readonly sealed: Sealed<string>;
  readonly pepperId: string;
}

const placeOf = (userId: UserId) => ({ table: 'users', column: 'password_hash', rowId: userId });

/**
 * Seals an encoded argon2id hash for the row of `userId`. A pepper around the hash, and not argon2's own secret: that is not
 * recorded in the string, so it could neither be told from others nor be rotated without the password. Throws a TypeError for
 * any other text: a bare password must never be stored.
 */
export function sealPasswordHash(keyring: Keyring, userId: UserId, encoded: string, random: Random): StoredPassword {
  if (!encoded.startsWith('$argon2id$')) throw new TypeError('Only an encoded argon2id hash is stored');
  const pepper = keyring.active('pepper');
  return { sealed: seal(pepper, placeOf(userId), encoded, random), pepperId: pepper.id };
}

/** The encoded hash. Throws SealBroken for one that was changed or moved from another row, and KeyMissing. */
export function openPasswordHash(keyring: Keyring, userId: UserId, { sealed, pepperId }: StoredPassword): string {
  return open(keyring.get('pepper', pepperId), placeOf(userId), sealed);
}
