import { createHmac, createSecretKey } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { indexesOf, lookupIndex } from '../../../src/crypto/blind-index.ts';
import { deriveSubkey } from '../../../src/crypto/subkeys.ts';
import { keyringJson, keyringOf, rotated } from '../../support/keyrings.ts';

const address = 'ada@example.com';

test('an index is HMAC-SHA-256 of the address under a key derived for it', () => {
  const secret = Buffer.from(keyringJson().index.keys['i1'] ?? '', 'base64url');
  const key = deriveSubkey(createSecretKey(secret), 'index', 'email-index');
  expect(lookupIndex(keyringOf(), address)).toEqual({
    keyVersion: 'i1',
    index: createHmac('sha256', key).update(address).digest(),
  });
});

test('the same address has the same index each time, and any other address another', () => {
  expect(lookupIndex(keyringOf(), address)).toEqual(lookupIndex(keyringOf(), address));
  for (const other of ['Ada@example.com', 'ada@example.com ', 'bob@example.com', '']) {
    expect(lookupIndex(keyringOf(), other).index).not.toEqual(lookupIndex(keyringOf(), address).index);
  }
});

test('an address gets an index for each key held, and is looked up by the active one', () => {
  const both = rotated('index', 'i2');
  const indexes = indexesOf(both, address);
  expect(indexes.map(({ keyVersion }) => keyVersion)).toEqual(['i2', 'i1']);
  expect(indexes[0]).toEqual(lookupIndex(both, address));
  expect(indexes[1]).toEqual(lookupIndex(keyringOf(), address));
  expect(indexes[0]?.index).not.toEqual(indexes[1]?.index);
});

test('another keyring finds nobody', () => {
  expect(lookupIndex(keyringOf('other'), address).index).not.toEqual(lookupIndex(keyringOf(), address).index);
});
