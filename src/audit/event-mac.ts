import { createHmac, timingSafeEqual } from 'node:crypto';
import { auditMacKey } from '../crypto/audit-keys.ts';
import { KeyMissing, type Keyring } from '../crypto/keyring.ts';
import { type CanonicalEvent, canonicalBytes } from './canonical-event.ts';

const macOf = (keyring: Keyring, keyId: string, bytes: Buffer): Buffer =>
  createHmac('sha256', auditMacKey(keyring, keyId)).update(bytes).digest();

/** HMAC-SHA-256 under the event's own audit key, which the database does not hold. Throws KeyMissing. */
export const eventMac = (keyring: Keyring, event: CanonicalEvent): Buffer =>
  macOf(keyring, event.auditKeyId, canonicalBytes(event));

/** INTACT: written by a server of this keyring and unchanged. KEY_MISSING: an older or newer keyring's, or made up. */
export type MacVerdict = 'INTACT' | 'BROKEN' | 'KEY_MISSING';

/** A verdict, with the canonical bytes that it is about: whoever wants the leaf too need not make them again. */
export type JudgedEvent =
  | { readonly verdict: Exclude<MacVerdict, 'BROKEN'>; readonly bytes: Buffer }
  | { readonly verdict: 'BROKEN' };

/**
 * Judges a row as it was read. Whatever a hostile row holds, the answer is a verdict and never an exception: one planted row must
 * not stop the sealer or a verification.
 */
export function judgeEvent(keyring: Keyring, event: CanonicalEvent & { readonly mac: Buffer }): JudgedEvent {
  const bytes = findBytes(event);
  if (bytes === undefined) return { verdict: 'BROKEN' };
  try {
    const expected = macOf(keyring, event.auditKeyId, bytes);
    const isIntact = expected.length === event.mac.length && timingSafeEqual(expected, event.mac);
    return isIntact ? { verdict: 'INTACT', bytes } : { verdict: 'BROKEN' };
  } catch (error) {
    if (error instanceof KeyMissing) return { verdict: 'KEY_MISSING', bytes };
    throw error;
  }
}

/** The verdict of `judgeEvent` alone. */
export const verifyMac = (keyring: Keyring, event: CanonicalEvent & { readonly mac: Buffer }): MacVerdict =>
  judgeEvent(keyring, event).verdict;

function findBytes(event: CanonicalEvent): Buffer | undefined {
  try {
    return canonicalBytes(event);
  } catch (error) {
    // No canonical form: a fraction in the details, another format, a date out of range.
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
