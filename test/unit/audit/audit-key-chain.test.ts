import { describe, expect, test } from '@jest/globals';
import type { AuditKeyEntity } from '../../../src/audit/audit-key.entity.ts';
import { AuditKeysBroken, introduceKey, trustKeys } from '../../../src/audit/audit-key-chain.ts';
import { type AuditSigner, auditSigner } from '../../../src/crypto/audit-keys.ts';
import { keyringOf } from '../../support/keyrings.ts';

/** A key of its own for each name. */
const signer = (name: string): AuditSigner => ({ ...auditSigner(keyringOf(name), 'a1'), id: name });
const row = (key: AuditSigner, by: AuditSigner | undefined, changed: Partial<AuditKeyEntity> = {}): AuditKeyEntity => ({
  id: key.id,
  previous: by?.id ?? '',
  publicKey: Buffer.from(key.publicJwk.x, 'base64url'),
  introduction: introduceKey(by ?? key, key),
  introducedAt: new Date(0),
  ...changed,
});

const [first, second, third, stranger] = [signer('a1'), signer('a2'), signer('a3'), signer('a9')];
const CHAIN = [row(first, undefined), row(second, first), row(third, second)];

/** The id of the key that is named as the first that does not go back to the root. */
function brokenKey(stored: readonly AuditKeyEntity[], root = first.thumbprint): string | undefined {
  try {
    trustKeys(stored, root);
    return undefined;
  } catch (error) {
    if (error instanceof AuditKeysBroken) return error.keyId;
    throw error;
  }
}

describe('the chain of audit keys', () => {
  test('is followed from the root to the newest, in whatever order the rows come', () => {
    for (const stored of [CHAIN, [...CHAIN].reverse()]) {
      const keys = trustKeys(stored, first.thumbprint);
      expect([keys.newestId, [...keys.ids]]).toEqual(['a3', ['a1', 'a2', 'a3']]);
      for (const { thumbprint, publicKey } of [first, second, third])
        expect(keys.find(thumbprint)?.equals(publicKey)).toBe(true);
      expect(keys.find(stranger.thumbprint)).toBeUndefined();
    }
  });

  test('is empty on a new database', () => {
    const keys = trustKeys([], first.thumbprint);
    expect([keys.newestId, keys.ids.size]).toEqual([undefined, 0]);
  });

  test.each<[string, string, readonly AuditKeyEntity[]]>([
    ['begins with another key', 'a9', [row(stranger, undefined)]],
    ['begins with another key that has the name of the root', 'a1', [row({ ...stranger, id: 'a1' }, undefined)]],
    [
      'has a key that introduces itself',
      'a9',
      [...CHAIN, row(stranger, third, { introduction: introduceKey(stranger, stranger) })],
    ],
    [
      'has a key in place of the one that was introduced',
      'a3',
      [...CHAIN.slice(0, 2), row(third, second, { publicKey: Buffer.from(stranger.publicJwk.x, 'base64url') })],
    ],
    [
      'has a key under another name than it was introduced by',
      'a9',
      [...CHAIN.slice(0, 2), row(third, second, { id: 'a9' })],
    ],
    ['has a key that nobody introduced', 'a3', [...CHAIN.slice(0, 2), row(third, second, { introduction: '' })]],
    ['lacks a key in between', 'a3', [CHAIN[0], CHAIN[2]].flatMap((each) => each ?? [])],
    ['has a key beside it, of no key that there is', 'a9', [...CHAIN, row(stranger, third, { previous: 'a7' })]],
    ['has a key beside it, of itself', 'a9', [...CHAIN, row(stranger, stranger)]],
    ['has a second successor of one key', 'a9', [...CHAIN, row(stranger, first)]],
    ['is a ring', 'a1', [...CHAIN, row(first, undefined, { previous: 'a3' })]],
    ['has bytes that are no key', 'a2', [row(first, undefined), row(second, first, { publicKey: Buffer.alloc(31) })]],
  ])('that %s is broken, and that key is named', (_, id, stored) => {
    expect(brokenKey(CHAIN)).toBeUndefined();
    expect(brokenKey(stored)).toBe(id);
  });
});
