import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Keyring, KeyringError, parseKeyring, ROOT_PURPOSES } from '../../../src/crypto/keyring.ts';
import { keyringJson } from '../../support/keyrings.ts';

const json = keyringJson();
const text = JSON.stringify(json);
const secrets = ROOT_PURPOSES.flatMap((purpose) => Object.values(json[purpose].keys));
/** Every ten characters in a row of any secret. */
const pieces = secrets.flatMap((secret) =>
  Array.from({ length: secret.length - 9 }, (_, at) => secret.slice(at, at + 10)),
);

function outcomeOf(changedText: string): Keyring | string {
  try {
    return parseKeyring(changedText);
  } catch (error) {
    if (error instanceof KeyringError) return error.message;
    throw error;
  }
}

test('a keyring cut, overwritten or garbled anywhere is read or refused in words that hold no key', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom('"', '{', '}', '[', ',', ':', 'null', '\\u0000', '"x":1,'),
  );
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(60), piece, (at, removed, put) => {
      const outcome = outcomeOf(text.slice(0, at) + put + text.slice(at + removed));
      if (outcome instanceof Keyring) return;
      expect(outcome).toMatch(/^Keyring: /);
      expect(pieces.some((secretPiece) => outcome.includes(secretPiece))).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test('any JSON at all is refused without an error of ours', () => {
  fc.assert(
    fc.property(fc.json(), (other) => {
      expect(outcomeOf(other)).toMatch(/^Keyring: /);
    }),
  );
});
