import { sign, verify } from 'node:crypto';
import type { SigningKey } from './signing-keys.ts';

/**
 * JWS signatures by node:crypto and at once, on the calling thread: about 40 µs. WebCrypto would wait in the thread pool behind
 * argon2, and a flood of logins would hold up everyone who is logged in (measured: 0.15 ms alone, p99 3.8 ms beside one hash).
 */
const DIGESTS = { EdDSA: null, ES256: 'sha256' } as const;

/** ES256 signatures are r ‖ s of 32 bytes each (RFC 7518 §3.4), not DER. Ed25519 takes no notice. */
const DSA_ENCODING = 'ieee-p1363';

export function signBytes({ algorithm, privateKey }: SigningKey, bytes: Uint8Array): Buffer {
  return sign(DIGESTS[algorithm], bytes, { key: privateKey, dsaEncoding: DSA_ENCODING });
}

export function isSignatureOf(
  key: Pick<SigningKey, 'algorithm' | 'publicKey'>,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verify(DIGESTS[key.algorithm], bytes, { key: key.publicKey, dsaEncoding: DSA_ENCODING }, signature);
}
