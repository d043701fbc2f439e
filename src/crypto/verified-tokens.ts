import { hash } from 'node:crypto';
import type { SessionClaims } from './access-claims.ts';

/** What this server goes by in a good token, and which key signed it. No more is kept of one: a quarter of all that it says. */
export interface VerifiedToken extends Pick<SessionClaims, 'sub' | 'sid' | 'gen'> {
  readonly kid: string;
  readonly expiresAtMs: number;
}

/** How many tokens are remembered; the oldest leave. */
const SIZE = 10_000;

/**
 * Tokens whose signature was found right, so that each is checked once. Keyed by the SHA-256 of the whole token: by a part of
 * it, another token with the same part would pass unchecked. Nothing refused is kept: anyone could fill it.
 */
export class VerifiedTokens {
  readonly #byHash = new Map<string, VerifiedToken>();

  static keyOf(token: string): string {
    return hash('sha256', token, 'base64');
  }

  find(key: string): VerifiedToken | undefined {
    return this.#byHash.get(key);
  }

  add(key: string, verified: VerifiedToken): void {
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
