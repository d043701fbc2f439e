import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { KeyMissing } from '../../../src/crypto/keyring.ts';
import { open, SealBroken, Sealed, seal } from '../../../src/crypto/sealed.ts';
import {
  createSigningKey,
  openKeySet,
  openSigningKey,
  type SigningAlgorithm,
  type SigningKeyRecord,
  toJwks,
} from '../../../src/crypto/signing-keys.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { ManualClock } from '../../support/clock.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = keyringOf();
const clock = new ManualClock();
const create = (algorithm: SigningAlgorithm) => createSigningKey(algorithm, { keyring, clock, random: systemRandom });

describe.each<[SigningAlgorithm, string]>([
  ['EdDSA', 'Ed25519'],
  ['ES256', 'P-256'],
])('a signing key for %s', (algorithm, curve) => {
  test('is published before it signs, and named by its thumbprint', async () => {
    const record = await create(algorithm);
    expect(record).toMatchObject({ algorithm, state: 'NEXT', systemKeyId: 's1', createdAt: clock.now() });
    expect(record.publicKey['crv']).toBe(curve);
    expect(record.id).toBe(await calculateJwkThumbprint(record.publicKey as JWK));
    expect((await create(algorithm)).id).not.toBe(record.id);
  });

  test('opens to a pair, and its row holds the private half sealed alone', async () => {
    const record = await create(algorithm);
    const key = openSigningKey(keyring, record);
    const { d = '' } = key.privateKey.export({ format: 'jwk' });
    expect(key).toMatchObject({ kid: record.id, algorithm, publicJwk: record.publicKey });
    expect(key.publicKey.type).toBe('public');
    expect(JSON.stringify(record)).not.toContain(d);
    expect(record.privateKey.bytes.toString('latin1')).not.toContain(d);
  });

  test('opens nowhere but in its own row, under its own system key', async () => {
    const [record, other] = await Promise.all([create(algorithm), create(algorithm)]);
    const both = rotated('system', 's2');
    expect(openSigningKey(both, record).kid).toBe(record.id);
    expect(() => openSigningKey(both, { ...record, id: other.id })).toThrow(SealBroken);
    expect(() => openSigningKey(both, { ...record, privateKey: other.privateKey })).toThrow(SealBroken);
    expect(() => openSigningKey(both, { ...record, systemKeyId: 's2' })).toThrow(SealBroken);
    expect(() => openSigningKey(both, { ...record, systemKeyId: 's3' })).toThrow(KeyMissing);
    const cut = new Sealed<SigningKeyRecord['publicKey']>(record.privateKey.bytes.subarray(1));
    expect(() => openSigningKey(both, { ...record, privateKey: cut })).toThrow(SealBroken);
  });
});

test('a public key put in by somebody who can write the table counts for nothing', async () => {
  const [record, attackers] = await Promise.all([create('EdDSA'), create('EdDSA')]);
  const forged = { ...record, publicKey: attackers.publicKey, state: 'CURRENT' as const };
  expect(openSigningKey(keyring, forged).publicJwk).toEqual(record.publicKey);
  expect(toJwks(openKeySet(keyring, [forged])).keys).toEqual([expect.objectContaining(record.publicKey)]);
});

test('a key cannot be given another algorithm', async () => {
  const record = await create('EdDSA');
  expect(() => openSigningKey(keyring, { ...record, algorithm: 'ES256' })).toThrow(SealBroken);
});

test('a key sealed under a name that is not its thumbprint is refused', async () => {
  const record = await create('EdDSA');
  const system = keyring.active('system');
  const place = (rowId: string) => ({ table: 'signing_keys', column: 'private_key', rowId });
  const jwk = open(system, place(record.id), record.privateKey);
  const renamed = { ...record, id: 'mine', privateKey: seal(system, place('mine'), jwk, systemRandom) };
  expect(() => openSigningKey(keyring, renamed)).toThrow(SealBroken);
});

describe('a key set', () => {
  test('signs with the current key and knows all', async () => {
    const [next, current, retired] = await Promise.all([create('ES256'), create('EdDSA'), create('EdDSA')]);
    const records: SigningKeyRecord[] = [next, { ...current, state: 'CURRENT' }, { ...retired, state: 'RETIRED' }];
    const set = openKeySet(keyring, records);
    expect(set.current.kid).toBe(current.id);
    expect([...set.byKid.keys()]).toEqual([next.id, current.id, retired.id]);
    expect(set.byKid.get(current.id)).toBe(set.current);
  });

  test('without a current key, or with two, is refused', async () => {
    const [one, two] = await Promise.all([create('EdDSA'), create('EdDSA')]);
    expect(() => openKeySet(keyring, [one, two])).toThrow(TypeError);
    expect(() => openKeySet(keyring, [])).toThrow(TypeError);
    const current = [one, two].map((record) => ({ ...record, state: 'CURRENT' as const }));
    expect(() => openKeySet(keyring, current)).toThrow(TypeError);
  });

  test('is published as public halves alone, which other services can import', async () => {
    const [first, second] = await Promise.all([create('EdDSA'), create('ES256')]);
    const { keys } = toJwks(openKeySet(keyring, [{ ...first, state: 'CURRENT' }, second]));
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: first.publicKey['x'], kid: first.id, alg: 'EdDSA', use: 'sig' },
      {
        kty: 'EC',
        crv: 'P-256',
        x: second.publicKey['x'],
        y: second.publicKey['y'],
        kid: second.id,
        alg: 'ES256',
        use: 'sig',
      },
    ]);
    for (const jwk of keys) expect(await importJWK(jwk)).toMatchObject({ type: 'public' });
  });
});
