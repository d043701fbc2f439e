import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { inPools, type Random } from '../platform/random.ts';

const CIPHER = 'aes-256-gcm';
const VERSION = Buffer.of(1);
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/** What an AAD begins with: a later format could then never be taken for this one. */
export const BOX_VERSION: Uint8Array = VERSION;

/**
 * AES-256-GCM (NIST SP 800-38D): version byte ‖ 12 random bytes of nonce ‖ ciphertext ‖ 16 bytes of tag. Random nonces are
 * good for 2³² boxes a key (§8.3); no key here comes near: most data stands under a key of one person or one day.
 */
export function sealBox(key: KeyObject, aad: Uint8Array, plaintext: Uint8Array, random: Random): Buffer {
  const nonce = inPools(random).bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS).setAAD(aad);
  return Buffer.concat([VERSION, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Of the box that is being opened. Node has copied each before the call that takes it returns, so one of each serves all boxes: two
 * views of every box would be half of what opening it leaves to be collected.
 */
const openedNonce = Buffer.alloc(NONCE_BYTES);
const openedTag = Buffer.alloc(TAG_BYTES);

function copyTo(target: Buffer, box: Buffer, from: number): Buffer {
  for (let at = 0; at < target.length; at += 1) target[at] = box[from + at] ?? 0;
  return target;
}

/** What was sealed, or undefined when any bit of the box, the AAD or the key is another: no cause is told apart. */
export function openBox(key: KeyObject, aad: Uint8Array, box: Buffer): Buffer | undefined {
  if (box.length < VERSION.length + NONCE_BYTES + TAG_BYTES || box[0] !== VERSION[0]) return undefined;
  const tagAt = box.length - TAG_BYTES;
  const nonce = copyTo(openedNonce, box, VERSION.length);
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS).setAAD(aad);
  decipher.setAuthTag(copyTo(openedTag, box, tagAt));
  const plaintext = decipher.update(box.subarray(VERSION.length + NONCE_BYTES, tagAt));
  try {
    // Checks the tag. Of GCM, a stream cipher, nothing is left to come.
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}
