import { createHmac } from 'node:crypto';
import type { HashLane } from '../crypto/hash-queue.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import { openPasswordHash } from '../crypto/stored-password.ts';
import type { CanonicalAddress } from '../platform/email-address.ts';
import type { CredentialRecord } from './user.record.ts';

/**
 * Whether a password opens an account, at the same cost for every address (ASVS v5.0.0-6.3.8): one argon2 run, on the stored
 * hash, or on a decoy where there is no account, no password, or one that does not count.
 */
export class PasswordCheck {
  readonly #hasher: PasswordHasher;
  readonly #keyring: Keyring;

  constructor(parts: { hasher: PasswordHasher; keyring: Keyring }) {
    this.#hasher = parts.hasher;
    this.#keyring = parts.keyring;
  }

  /** Throws BUSY when the hashes are too far behind. */
  async isPasswordOf(
    user: CredentialRecord | undefined,
    address: CanonicalAddress,
    password: string,
    lane: HashLane,
  ): Promise<boolean> {
    const encoded = user && this.encodedHash(user);
    const isRight = await this.#hasher.verify(encoded ?? this.#decoy(address), password, lane);
    return encoded !== undefined && isRight;
  }

  /** The encoded hash that counts for this account, if any. A contested one has none: nobody prepares an account for its owner. */
  encodedHash(user: CredentialRecord): string | undefined {
    if (user.contested || user.passwordHash === null || user.pepperId === null) return undefined;
    return openPasswordHash(this.#keyring, user.id, { sealed: user.passwordHash, pepperId: user.pepperId });
  }

  #decoy(address: CanonicalAddress): string {
    return this.#hasher.decoyFor(createHmac('sha256', this.#keyring.subkey('decoy')).update(address).digest());
  }
}
