import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';

/** By which an address is found without standing in the table. */
export interface BlindIndex {
  /** Id of the index key. */
  readonly keyVersion: string;
  /** 32 bytes. */
  readonly index: Buffer;
}

const LABEL = 'email-index';

/** The index of one key that is held; throws KeyMissing for another. */
export function indexUnder(keyring: Keyring, keyVersion: string, canonicalAddress: string): BlindIndex {
  const key = keyring.subkeysOf('index', keyVersion, LABEL);
  return { keyVersion, index: createHmac('sha256', key).update(canonicalAddress, 'utf8').digest() };
}

/**
 * HMAC-SHA-256 of the address in its canonical form, for each index key held: whoever writes an address writes all of them,
 * so that one address is one account also while the key rotates.
 */
export function indexesOf(keyring: Keyring, canonicalAddress: string): BlindIndex[] {
  return keyring.all('index').map(({ id }) => indexUnder(keyring, id, canonicalAddress));
}

/** The one to look an address up by: of the active key. */
export function lookupIndex(keyring: Keyring, canonicalAddress: string): BlindIndex {
  return indexUnder(keyring, keyring.active('index').id, canonicalAddress);
}
