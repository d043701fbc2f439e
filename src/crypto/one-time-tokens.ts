import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseId, type UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import { parseBase64url } from './base64url.ts';
import type { Keyring } from './keyring.ts';
import { lengthPrefixed } from './length-prefixed.ts';

/** A token as somebody brought it. `id` finds the row and is no secret. */
export interface OneTimeToken {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

const SECRET_BYTES = 32;
const TOKEN = /^([\w-]{22})\.([\w-]{43})$/;
const LABEL = 'one-time-token';

/** A new token for the row `id` (a UUID). `text` is for the mail alone; of `secret` only the hash is stored. */
export function newToken(id: string, random: Random): { text: string; secret: Buffer } {
  const secret = random.bytes(SECRET_BYTES);
  const selector = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
  return { text: `${selector}.${secret.toString('base64url')}`, secret };
}

/** Undefined for anything that `newToken` cannot have written. */
export function parseToken(text: string): OneTimeToken | undefined {
  const [, selector = '', secretText = ''] = TOKEN.exec(text) ?? [];
  const hex = parseBase64url(selector)?.toString('hex') ?? '';
  const id = parseId(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
  const secret = parseBase64url(secretText);
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

const hashUnder = (keyring: Keyring, systemKeyId: string, purpose: string, userId: UserId, secret: Buffer) =>
  createHmac('sha256', keyring.subkeysOf('system', systemKeyId, LABEL))
    .update(lengthPrefixed(purpose, userId, secret))
    .digest();

/**
 * What is stored of a token: HMAC-SHA-256 over purpose, user and secret. Keyed, so that a writer of the database cannot put
 * in a hash of his own; bound, so that a row moved to another person or purpose is good for nothing.
 */
export function tokenHash(keyring: Keyring, purpose: string, userId: UserId, secret: Buffer): Buffer {
  return hashUnder(keyring, keyring.active('system').id, purpose, userId, secret);
}

/** Whether `stored` is the hash of this token, under any system key held: mails outlive a rotation. Constant time. */
export function isTokenHash(
  keyring: Keyring,
  stored: Buffer,
  purpose: string,
  userId: UserId,
  secret: Buffer,
): boolean {
  return keyring
    .all('system')
    .map(({ id }) => hashUnder(keyring, id, purpose, userId, secret))
    .some((hash) => hash.length === stored.length && timingSafeEqual(hash, stored));
}
