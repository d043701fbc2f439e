import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { lengthPrefixed } from './length-prefixed.ts';

/**
 * A key of 32 bytes for one use, by HKDF-SHA-256 (RFC 5869): so that no root key serves two algorithms, and what one use
 * gives away says nothing about another. No salt: the input is a random key already (§3.1).
 */
export function deriveSubkey(secret: KeyObject, purpose: string, label: string): KeyObject {
  const info = lengthPrefixed('gatehouse-subkey/1', purpose, label);
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', info, 32)));
}
