import { hash } from 'node:crypto';
import type { AccessClaims } from './access-claims.ts';

/** What a good token says, and which key signed it. */
export type VerifiedClaims = AccessClaims & { readonly kid: string };

/** How many tokens are remembered; the oldest leave. */
const SIZE = 10_000;

/**
 * Tokens whose signature was found right, so that each is checked once. Keyed by the SHA-256 of the whole token: by a part of
 * it, another token with the same part would pass unchecked. Nothing refused is kept: anyone could fill it.
 */
export class VerifiedTokens {
  readonly #byHash = new Map<string, VerifiedClaims>();

  static keyOf(token: string): string {
    return hash('sha256', token, 'base64');
  }

  find(key: string): VerifiedClaims | undefined {
    return this.#byHash.get(key);
  }

  add(key: string, verified: VerifiedClaims): void {
    this.#byHash.set(key, verified);
    for (const oldest of this.#byHash.keys()) {
      if (this.#byHash.size <= SIZE) break;
      this.#byHash.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#byHash.delete(key);
  }

  forgetKey(kid: string): void {
    for (const [key, verified] of this.#byHash) if (verified.kid === kid) this.#byHash.delete(key);
  }
}
