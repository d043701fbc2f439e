import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { jwkThumbprint, type PublicJwk, toPublicJwk } from './jwk.ts';
import type { Keyring } from './keyring.ts';
import { open, SealBroken, type Sealed, seal } from './sealed.ts';

export type SigningAlgorithm = 'EdDSA' | 'ES256';

/**
 * NEXT is published before it signs, RETIRED until its last token has expired: no verifier meets a key it cannot find. REVOKED
 * is published no more, and opens nothing.
 */
export const SIGNING_KEY_STATES = ['NEXT', 'CURRENT', 'RETIRED', 'REVOKED'] as const;
export type SigningKeyState = (typeof SIGNING_KEY_STATES)[number];

/** A signing key as its row holds it. */
export interface SigningKeyRecord {
  /** The `kid`: its thumbprint (RFC 7638). */
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  /** For people and reports. Whoever verifies takes the public half from the sealed private one. */
  readonly publicKey: JsonWebKey;
  /** The private JWK, under the keyring's system key `systemKeyId`. */
  readonly privateKey: Sealed<JsonWebKey>;
  readonly systemKeyId: string;
  readonly state: SigningKeyState;
  readonly createdAt: Date;
}

/** A signing key ready for use. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** The keys in use: the one that signs, and all whose tokens are taken. */
export interface KeySet {
  readonly current: SigningKey;
  readonly byKid: ReadonlyMap<string, SigningKey>;
  /** The `kid`s of keys that were revoked: whoever still holds such a token of ours needs another, and is not logged out. */
  readonly revoked: ReadonlySet<string>;
}

/** One entry of a JWK set (RFC 7517). */
export type PublishedJwk = PublicJwk & { readonly kid: string; readonly alg: SigningAlgorithm; readonly use: 'sig' };

/** What tells one kind of key from the other. */
const CURVES = { EdDSA: 'Ed25519', ES256: 'P-256' } as const;

const placeOf = (kid: string) => ({ table: 'signing_keys', column: 'private_key', rowId: kid });

/** Makes a key pair, its private half sealed under the active system key. It is NEXT: published before it signs. */
export async function createSigningKey(
  algorithm: SigningAlgorithm,
  { keyring, clock, random }: { keyring: Keyring; clock: Clock; random: Random },
): Promise<SigningKeyRecord> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const { d, ...jwk } = await exportJWK(pair.privateKey);
  if (d === undefined) throw new TypeError('A signing key has a private half');
  const publicKey = toPublicJwk(createPublicKey({ key: jwk, format: 'jwk' }));
  const id = jwkThumbprint(publicKey);
  const system = keyring.active('system');
  return {
    id,
    algorithm,
    publicKey,
    privateKey: seal(system, placeOf(id), { ...publicKey, d }, random),
    systemKeyId: system.id,
    state: 'NEXT',
    createdAt: clock.now(),
  };
}

/**
 * Opens a stored key. Its public half comes from the sealed private one, and must be the one the `kid` is the thumbprint of:
 * whoever can write the table can neither put in a key of his own nor give a key another name or algorithm. Throws SealBroken
 * and KeyMissing.
 */
export function openSigningKey(keyring: Keyring, record: SigningKeyRecord): SigningKey {
  const place = placeOf(record.id);
  const jwk = open(keyring.get('system', record.systemKeyId), place, record.privateKey);
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicJwk = toPublicJwk(privateKey);
  if (jwkThumbprint(publicJwk) !== record.id || publicJwk.crv !== CURVES[record.algorithm]) {
    throw new SealBroken(place, record.systemKeyId);
  }
  return {
    kid: record.id,
    algorithm: record.algorithm,
    privateKey,
    publicKey: createPublicKey(privateKey),
    publicJwk,
  };
}

/** The private half under the active system key, and that key's id. Throws SealBroken and KeyMissing. */
export function resealSigningKey(
  keyring: Keyring,
  record: SigningKeyRecord,
  random: Random,
): Pick<SigningKeyRecord, 'privateKey' | 'systemKeyId'> {
  const place = placeOf(record.id);
  const jwk = open(keyring.get('system', record.systemKeyId), place, record.privateKey);
  const system = keyring.active('system');
  return { privateKey: seal(system, place, jwk, random), systemKeyId: system.id };
}

/** Opens all stored keys but the revoked. Exactly one must be CURRENT, else it is a TypeError. */
export function openKeySet(keyring: Keyring, records: readonly SigningKeyRecord[]): KeySet {
  const inUse = records.filter(({ state }) => state !== 'REVOKED');
  const byKid = new Map(inUse.map((record) => [record.id, openSigningKey(keyring, record)]));
  const revoked = new Set(records.filter(({ state }) => state === 'REVOKED').map(({ id }) => id));
  const [current, ...others] = records.filter(({ state }) => state === 'CURRENT').map(({ id }) => byKid.get(id));
  if (current === undefined || others.length > 0) throw new TypeError('Exactly one signing key must be CURRENT');
  return { current, byKid, revoked };
}

/** The JWK set that other services verify with (RFC 7517 §5): the public halves of all keys in use. */
export function toJwks({ byKid }: KeySet): { keys: PublishedJwk[] } {
  return {
    keys: [...byKid.values()].map(({ kid, algorithm, publicJwk }) => ({
      ...publicJwk,
      kid,
      alg: algorithm,
      use: 'sig',
    })),
  };
}
