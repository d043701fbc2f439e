import type { Clock } from '../platform/clock.ts';
import { inPools, type Random } from '../platform/random.ts';
import { type AccessClaims, parseAccessClaims, type SessionClaims, toPayload } from './access-claims.ts';
import { parseBase64url } from './base64url.ts';
import type { KeySet, SigningKey } from './signing-keys.ts';
import { isSignatureOf, signBytes } from './token-signature.ts';
import { type VerifiedToken, VerifiedTokens } from './verified-tokens.ts';

export type { AccessClaims, SessionClaims } from './access-claims.ts';

/** What a token fails on. For tests and counters: a client learns no more than that it is not logged in. */
export type TokenFault = 'FORM' | 'HEADER' | 'KEY' | 'SIGNATURE' | 'CLAIMS' | 'ISSUER' | 'AUDIENCE' | 'EARLY';

/** Not one of our access tokens, or not any more. */
export class TokenInvalid extends Error {
  override readonly name = 'TokenInvalid';

  constructor(readonly fault: TokenFault) {
    super(`Not an access token of this server: ${fault}`);
  }
}

/** One of our access tokens, past its time. */
export class TokenExpired extends Error {
  override readonly name = 'TokenExpired';

  constructor() {
    super('The access token has expired');
  }
}

export interface AccessTokenParts {
  /** `iss`: this server's PUBLIC_URL. */
  readonly issuer: string;
  /** `aud`: the one audience that this server takes. */
  readonly audience: string;
  /** How long a token is good for. */
  readonly seconds: number;
  readonly clock: Clock;
  readonly random: Random;
  /** The keys as they are now: rotation and an incident bite at the next call. */
  readonly keys: () => KeySet;
}

const TYPE = 'at+jwt';
/** An honest token is below 2 kB; nothing longer is hashed. */
const MAX_LENGTH = 8192;
/** Clocks of nodes may differ by this much. */
const SKEW_SECONDS = 60;
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

type JsonObject = Readonly<Record<string, unknown>>;

const encode = (value: object): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');

/**
 * The object that a part spells, exactly as `JSON.stringify` writes it; undefined for any other spelling. So no two parsers
 * can read different things in it: duplicate names (RFC 7515 §4, RFC 8725 §2.4) and stray spaces do not pass.
 */
function parseObject(part: string): JsonObject | undefined {
  const text = parseBase64url(part)?.toString('utf8');
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && JSON.stringify(value) === text ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Access tokens: JWTs after RFC 9068, signed and verified as RFC 8725 asks. */
export class AccessTokens {
  readonly #parts: AccessTokenParts;
  readonly #verified = new VerifiedTokens();

  constructor(parts: AccessTokenParts) {
    this.#parts = parts;
  }

  /** A signed token, and the seconds until it expires. For another `audience` it is one that this server refuses. */
  sign(claims: SessionClaims, audience = this.#parts.audience): { token: string; expiresIn: number } {
    const { issuer, seconds, clock, random, keys } = this.#parts;
    const key = keys().current;
    const issuedAt = clock.now();
    const jti = inPools(random).bytes(16).toString('base64url');
    const expiresAt = new Date(issuedAt.getTime() + seconds * 1000);
    const header = encode({ alg: key.algorithm, typ: TYPE, kid: key.kid });
    const signed = `${header}.${encode(toPayload(claims, { jti, issuedAt, expiresAt }, { issuer, audience }))}`;
    const token = `${signed}.${signBytes(key, Buffer.from(signed)).toString('base64url')}`;
    return { token, expiresIn: seconds };
  }

  /**
   * Whose a token is, if it is one of ours and in its time. Throws TokenExpired or TokenInvalid. Synchronous, and remembers
   * what it found right; time and key are asked again each time.
   */
  verify(token: string): VerifiedToken {
    const [, header, payload, signature] = (token.length <= MAX_LENGTH && COMPACT.exec(token)) || [];
    if (!header || !payload || !signature) throw new TokenInvalid('FORM');
    const name = VerifiedTokens.keyOf(token);
    const known = this.#verified.find(name);
    if (known && this.#parts.keys().byKid.has(known.kid)) return this.#timely(known);
    this.#verified.delete(name);
    const key = this.#keyOf(header);
    const signatureBytes = parseBase64url(signature);
    if (!signatureBytes) throw new TokenInvalid('FORM');
    if (!isSignatureOf(key, Buffer.from(`${header}.${payload}`), signatureBytes)) throw new TokenInvalid('SIGNATURE');
    const { sub, sid, gen, expiresAt } = this.#claimsOf(payload);
    const verified = this.#timely({ sub, sid, gen, kid: key.kid, expiresAtMs: expiresAt.getTime() });
    this.#verified.add(name, verified);
    return verified;
  }

  /** Drops what is remembered of a key's tokens. */
  forgetKey(kid: string): void {
    this.#verified.forgetKey(kid);
  }

  /** The key goes by `kid` among our own alone, and the algorithm by the key, never by what the token asks for (RFC 8725 §3.1). */
  #keyOf(part: string): SigningKey {
    const header = parseObject(part);
    // Exactly these three: a `crit`, `jwk`, `jku`, `x5u` or `b64` would change what the signature means or whose it is.
    if (!header || Object.keys(header).sort().join() !== 'alg,kid,typ' || header['typ'] !== TYPE) {
      throw new TokenInvalid('HEADER');
    }
    const { byKid, revoked } = this.#parts.keys();
    const key = byKid.get(String(header['kid']));
    if (revoked.has(String(header['kid']))) throw new TokenExpired();
    if (!key) throw new TokenInvalid('KEY');
    if (header['kid'] !== key.kid || header['alg'] !== key.algorithm) throw new TokenInvalid('HEADER');
    return key;
  }

  #claimsOf(part: string): AccessClaims {
    const payload = parseObject(part);
    if (!payload) throw new TokenInvalid('FORM');
    if (payload['iss'] !== this.#parts.issuer) throw new TokenInvalid('ISSUER');
    // A list that names us among others is refused too: such a token is good elsewhere.
    if (payload['aud'] !== this.#parts.audience) throw new TokenInvalid('AUDIENCE');
    const claims = parseAccessClaims(payload);
    if (!claims) throw new TokenInvalid('CLAIMS');
    const latestMs = this.#parts.clock.now().getTime() + SKEW_SECONDS * 1000;
    const notBefore = payload['nbf'] ?? 0;
    const isEarly = typeof notBefore !== 'number' || notBefore * 1000 > latestMs;
    if (isEarly || claims.issuedAt.getTime() > latestMs) throw new TokenInvalid('EARLY');
    return claims;
  }

  #timely(verified: VerifiedToken): VerifiedToken {
    // "On or after" the expiry (RFC 7519 §4.1.4).
    if (verified.expiresAtMs <= this.#parts.clock.now().getTime()) throw new TokenExpired();
    return verified;
  }
}
