import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** The public half of a signing key (RFC 7517; RFC 8037 for Ed25519, RFC 7518 §6.2 for P-256). */
export type PublicJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/** The public half of `key`, which may be private. Throws a TypeError for any other kind than Ed25519 and P-256. */
export function toPublicJwk(key: KeyObject): PublicJwk {
  const { kty, crv, x, y } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (kty === 'OKP' && crv === 'Ed25519' && x !== undefined) return { kty, crv, x };
  if (kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined) return { kty, crv, x, y };
  throw new TypeError('A signing key is Ed25519 or P-256');
}

/** The JWK thumbprint (RFC 7638): SHA-256 over the members that make the key, in their fixed order, as base64url. */
export function jwkThumbprint(jwk: PublicJwk): string {
  const { kty, crv, x } = jwk;
  const members = jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** What stands before the seed in PKCS #8 (RFC 8410 §7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 private key that grows from `seed`, 32 bytes (RFC 8032 §5.1.5). */
export function ed25519FromSeed(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
