import { createPublicKey, type KeyObject } from 'node:crypto';
import { ed25519FromSeed, jwkThumbprint, type PublicJwk, toPublicJwk } from './jwk.ts';
import { AUDIT_SIGNING_LABEL, type Keyring } from './keyring.ts';

/** Signs the heads of the audit trail. Its public half is kept for ever, and never stands among the tokens' keys. */
export interface AuditSigner {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicJwk;
  /** RFC 7638; of the first audit key it is the keyring's `auditRoot`. */
  readonly thumbprint: string;
}

/** The HMAC-SHA-256 key for events, derived from the audit key `id`. Throws KeyMissing. */
export function auditMacKey(keyring: Keyring, id: string): KeyObject {
  return keyring.subkeysOf('audit', id, 'audit-event-mac');
}

/** The Ed25519 key that grows from the audit key `id`. Throws KeyMissing. */
export function auditSigner(keyring: Keyring, id: string): AuditSigner {
  const privateKey = ed25519FromSeed(keyring.subkeysOf('audit', id, AUDIT_SIGNING_LABEL).export());
  const publicJwk = toPublicJwk(privateKey);
  return { id, privateKey, publicKey: createPublicKey(privateKey), publicJwk, thumbprint: jwkThumbprint(publicJwk) };
}

/** The public key of 32 bytes as the database keeps them, and its thumbprint. Throws a TypeError for bytes that are none. */
export function readAuditPublicKey(bytes: Buffer): { readonly key: KeyObject; readonly thumbprint: string } {
  if (bytes.length !== 32) throw new TypeError('An audit key has 32 bytes');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') } as const;
  return { key: createPublicKey({ key: jwk, format: 'jwk' }), thumbprint: jwkThumbprint(jwk) };
}
