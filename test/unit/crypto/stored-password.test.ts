import { expect, test } from '@jest/globals';
import { KeyMissing } from '../../../src/crypto/keyring.ts';
import { open, SealBroken } from '../../../src/crypto/sealed.ts';
import { openPasswordHash, sealPasswordHash } from '../../../src/crypto/stored-password.ts';
import type { UserId } from '../../../src/platform/ids.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const ada = '0190aaaa-0000-7000-8000-00000000000a' as UserId;
const bob = '0190aaaa-0000-7000-8000-00000000000b' as UserId;
const encoded = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const keyring = keyringOf();
const stored = sealPasswordHash(keyring, ada, encoded, systemRandom);

test('a password hash stands sealed under the active pepper, whose id stands beside it', () => {
  expect(stored.pepperId).toBe('p1');
  expect(stored.sealed.bytes.toString('latin1')).not.toContain('argon2');
  expect(openPasswordHash(keyring, ada, stored)).toBe(encoded);
  const place = { table: 'users', column: 'password_hash', rowId: ada };
  expect(open(keyring.get('pepper', 'p1'), place, stored.sealed)).toBe(encoded);
});

test('a hash moved to the row of another person does not open', () => {
  expect(() => openPasswordHash(keyring, bob, stored)).toThrow(SealBroken);
});

test('the pepper can be rotated without the password', () => {
  const both = rotated('pepper', 'p2');
  const resealed = sealPasswordHash(both, ada, openPasswordHash(both, ada, stored), systemRandom);
  expect(resealed.pepperId).toBe('p2');
  const newOnly = rotated('pepper', 'p2', { keepsOld: false });
  expect(openPasswordHash(newOnly, ada, resealed)).toBe(encoded);
  expect(() => openPasswordHash(newOnly, ada, stored)).toThrow(KeyMissing);
  expect(() => openPasswordHash(both, ada, { ...stored, pepperId: 'p2' })).toThrow(SealBroken);
});

test('a bare password cannot be stored by mistake, and the error does not repeat it', () => {
  const mistake = () => sealPasswordHash(keyring, ada, 'correct horse battery staple', systemRandom);
  expect(mistake).toThrow(TypeError);
  expect(mistake).not.toThrow(/horse/);
});
