import { createHmac, timingSafeEqual } from 'node:crypto';
import { auditMacKey } from '../crypto/audit-keys.ts';
import { KeyMissing, type Keyring } from '../crypto/keyring.ts';
import { type CanonicalEvent, canonicalBytes } from './canonical-event.ts';

/** HMAC-SHA-256 under the event's own audit key, which the database does not hold. Throws KeyMissing. */
export function eventMac(keyring: Keyring, event: CanonicalEvent): Buffer {
  return createHmac('sha256', auditMacKey(keyring, event.auditKeyId)).update(canonicalBytes(event)).digest();
}

/** INTACT: written by a server of this keyring and unchanged. KEY_MISSING: an older or newer keyring's, or made up. */
export type MacVerdict = 'INTACT' | 'BROKEN' | 'KEY_MISSING';

/**
 * Judges a row as it was read. Whatever a hostile row holds, the answer is a verdict and never an exception: one planted row must
 * not stop the sealer or a verification.
 */
export function verifyMac(keyring: Keyring, event: CanonicalEvent & { readonly mac: Buffer }): MacVerdict {
  try {
    const expected = eventMac(keyring, event);
    return expected.length === event.mac.length && timingSafeEqual(expected, event.mac) ? 'INTACT' : 'BROKEN';
  } catch (error) {
    if (error instanceof KeyMissing) return 'KEY_MISSING';
    // No canonical form: a fraction in the details, another format, a date out of range.
    if (error instanceof TypeError || error instanceof RangeError) return 'BROKEN';
    throw error;
  }
}
