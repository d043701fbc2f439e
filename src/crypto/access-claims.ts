import { parseId, type SessionId, type UserId } from '../platform/ids.ts';

/** What an access token says about its session. Times as Dates; in the token they are whole seconds (RFC 7519 §2). */
export interface SessionClaims {
  readonly sub: UserId;
  readonly sid: SessionId;
  /** The session's generation when it was signed. */
  readonly gen: number;
  /** When the person last proved who they are (`auth_time`). */
  readonly authTime: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly acr: string;
  /** Names, for other services: this server reads its own tables. */
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** What a token says of itself. */
export interface TokenStamp {
  readonly jti: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** All that a verified token says. */
export interface AccessClaims extends SessionClaims, TokenStamp {}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** PostgreSQL's and Date's range is smaller than that of a safe integer: a Date beyond it is invalid. */
const toDate = (value: unknown): Date | undefined => {
  const date = new Date(isCount(value) ? value * 1000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

/**
 * The claims of a payload whose signature is right, or undefined when one is missing or of another type. Unknown claims are
 * let by: claims are only ever added, and a newer node's tokens must pass on an older one.
 */
export function parseAccessClaims(payload: Readonly<Record<string, unknown>>): AccessClaims | undefined {
  const { gen, amr, acr, roles, permissions, jti } = payload;
  const sub = isText(payload['sub']) ? parseId<UserId>(payload['sub']) : undefined;
  const sid = isText(payload['sid']) ? parseId<SessionId>(payload['sid']) : undefined;
  const [authTime, issuedAt, expiresAt] = [payload['auth_time'], payload['iat'], payload['exp']].map(toDate);
  if (!sub || !sid || !authTime || !issuedAt || !expiresAt) return undefined;
  if (!isCount(gen) || !isText(acr) || !isText(jti)) return undefined;
  if (!isTexts(amr) || !isTexts(roles) || !isTexts(permissions)) return undefined;
  return { sub, sid, gen, authTime, amr, acr, roles, permissions, jti, issuedAt, expiresAt };
}

const toSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);

/** The claims as they stand in a token. */
export function toPayload(
  { sub, sid, gen, authTime, amr, acr, roles, permissions }: SessionClaims,
  { jti, issuedAt, expiresAt }: TokenStamp,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
) {
  return {
    iss: issuer,
    aud: audience,
    sub,
    sid,
    gen,
    iat: toSeconds(issuedAt),
    exp: toSeconds(expiresAt),
    jti,
    auth_time: toSeconds(authTime),
    amr,
    acr,
    roles,
    permissions,
  };
}
