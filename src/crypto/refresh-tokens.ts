import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseId, type SessionId } from '../platform/ids.ts';
import { parseBase64url } from './base64url.ts';
import { lengthPrefixed } from './length-prefixed.ts';

/** A refresh token as somebody brought it: nothing of it holds before `isMacOf` says so. */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly mac: Buffer;
}

/** Of PostgreSQL's `integer`, in which the generation stands. */
const MAX_GENERATION = 2 ** 31 - 1;
const TOKEN = /^([0-9a-f-]{36})\.(0|[1-9][0-9]{0,9})\.([\w-]{43})$/;

const macOf = (refreshKey: Buffer, sessionId: SessionId, generation: number): Buffer =>
  createHmac('sha256', refreshKey)
    .update(lengthPrefixed('refresh-token', sessionId, String(generation)))
    .digest();

/**
 * `session.generation.MAC`: derived from the session's own key of 32 random bytes, so that a refresh stores nothing, no token
 * stands anywhere in clear, and a new key voids all older tokens at once.
 */
export function formatRefreshToken(refreshKey: Buffer, sessionId: SessionId, generation: number): string {
  return `${sessionId}.${generation}.${macOf(refreshKey, sessionId, generation).toString('base64url')}`;
}

/** Undefined for anything that `formatRefreshToken` cannot have written: each token has one spelling. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, idText = '', generationText = '', macText = ''] = TOKEN.exec(text) ?? [];
  const sessionId = parseId<SessionId>(idText);
  const generation = Number(generationText);
  const mac = parseBase64url(macText);
  if (sessionId === undefined || mac === undefined || generation > MAX_GENERATION) return undefined;
  return { sessionId, generation, mac };
}

/** Whether the session's key made this token. Constant time. To be asked before anything else is done with it. */
export function isMacOf(refreshKey: Buffer, token: RefreshToken): boolean {
  const mac = macOf(refreshKey, token.sessionId, token.generation);
  return mac.length === token.mac.length && timingSafeEqual(mac, token.mac);
}
