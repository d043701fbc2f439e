import { hash, timingSafeEqual } from 'node:crypto';
import { inPools, type Random } from '../platform/random.ts';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';
import type { PersonalField } from './event-types.ts';

/**
 * A personal value with the 32 random bytes (base64url) that its commitment was made with. Both are sealed together: a proof shows
 * both, and erasure takes both, after which nobody can even try values against the commitment.
 */
export type Committed<T> = { readonly salt: string; readonly value: T };

export type OriginValue = { readonly ip: string; readonly userAgent: string | null };
export type CommittedOrigin = Committed<OriginValue>;
export type PersonalValues = { readonly [F in PersonalField]?: string };
export type CommittedSubject = Committed<PersonalValues>;

const SALT_BYTES = 32;

const digest = (salt: Buffer, value: CanonicalValue) =>
  hash('sha256', Buffer.concat([salt, Buffer.from(canonicalJson(value), 'utf8')]), 'buffer');

/**
 * SHA-256(32 random bytes ‖ canonical JSON): binds the event to one value and hides it. The ciphertext cannot stand in for it:
 * AES-GCM does not commit, one ciphertext can be made to open to two values under two keys.
 */
export function commitTo<T extends CanonicalValue>(
  value: T,
  random: Random,
): { committed: Committed<T>; commitment: Buffer } {
  const salt = inPools(random).bytes(SALT_BYTES);
  const made = { committed: { salt: salt.toString('base64url'), value }, commitment: digest(salt, value) };
  // Nothing of it stays behind in the pool.
  salt.fill(0);
  return made;
}

/** Whether what was opened is what the event was written with. */
export function isCommittedTo(commitment: Buffer, { salt, value }: Committed<CanonicalValue>): boolean {
  const bytes = Buffer.from(salt, 'base64url');
  return (
    bytes.length === SALT_BYTES && commitment.length === SALT_BYTES && timingSafeEqual(digest(bytes, value), commitment)
  );
}
