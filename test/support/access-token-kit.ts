import { AccessTokens, type SessionClaims, TokenExpired, TokenInvalid } from '../../src/crypto/access-tokens.ts';
import {
  createSigningKey,
  type KeySet,
  openKeySet,
  type SigningAlgorithm,
  type SigningKey,
} from '../../src/crypto/signing-keys.ts';
import { signBytes } from '../../src/crypto/token-signature.ts';
import type { SessionId, UserId } from '../../src/platform/ids.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ManualClock } from './clock.ts';
import { keyringOf } from './keyrings.ts';

export const ISSUER = 'https://accounts.example.com';

export const ADA: SessionClaims = {
  sub: '0190aaaa-0000-7000-8000-00000000000a' as UserId,
  sid: '0190aaaa-0000-7000-8000-0000000000a1' as SessionId,
  gen: 3,
  authTime: new Date('2026-11-24T06:00:00Z'),
  amr: ['pwd', 'otp', 'mfa'],
  acr: 'aal2',
  roles: ['user', 'support'],
  permissions: ['USERS_READ'],
};

/** A key set of one current key. */
export async function makeKeySet(algorithm: SigningAlgorithm): Promise<KeySet> {
  const keyring = keyringOf();
  const record = await createSigningKey(algorithm, { keyring, clock: new ManualClock(), random: systemRandom });
  return openKeySet(keyring, [{ ...record, state: 'CURRENT' }]);
}

/** Access tokens of ten minutes over `keys`, on a clock of their own. */
export function tokensOver(keys: KeySet, overrides: { audience?: string; issuer?: string } = {}) {
  const clock = new ManualClock();
  const set = { keys };
  const settings = { issuer: ISSUER, audience: ISSUER, seconds: 600, ...overrides };
  const tokens = new AccessTokens({ ...settings, clock, random: systemRandom, keys: () => set.keys });
  return { tokens, clock, set };
}

/** What `verify` makes of a token: `valid`, `EXPIRED`, or the fault. */
export function verdictOf(tokens: AccessTokens, token: string): string {
  try {
    tokens.verify(token);
    return 'valid';
  } catch (error) {
    if (error instanceof TokenExpired) return 'EXPIRED';
    if (error instanceof TokenInvalid) return error.fault;
    throw error;
  }
}

export const encodeText = (text: string) => Buffer.from(text, 'utf8').toString('base64url');
const decodeText = (part: string | undefined) => Buffer.from(part ?? '', 'base64url').toString('utf8');

export function decodeToken(token: string) {
  const [header, payload, signature = ''] = token.split('.');
  return { header: JSON.parse(decodeText(header)), payload: JSON.parse(decodeText(payload)), signature };
}

/** A token of any header and payload, as texts or as objects, with a true signature of `key` over them. */
export function signAnything(key: SigningKey, header: object | string, payload: object | string): string {
  const text = (part: object | string) => (typeof part === 'string' ? part : JSON.stringify(part));
  const signed = `${encodeText(text(header))}.${encodeText(text(payload))}`;
  return `${signed}.${signBytes(key, Buffer.from(signed)).toString('base64url')}`;
}
