import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DeviceToken, formatDeviceToken, parseDeviceToken } from '../../../src/crypto/device-tokens.ts';
import { newToken, parseToken } from '../../../src/crypto/one-time-tokens.ts';
import { formatRefreshToken, isMacOf, parseRefreshToken } from '../../../src/crypto/refresh-tokens.ts';
import type { KeySet } from '../../../src/crypto/signing-keys.ts';
import type { DeviceId, SessionId, UserId } from '../../../src/platform/ids.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { ADA, makeKeySet, tokensOver, verdictOf } from '../../support/access-token-kit.ts';
import { keyringOf } from '../../support/keyrings.ts';

/** One character of a token, put in at one place, in the place of the one that stands there. */
const oneCharacter = () => fc.tuple(fc.nat(), fc.constantFrom(...'Aa09-_.=+/ \n\0é'));
const changed = (text: string, [at, character]: [number, string]) => {
  const index = at % text.length;
  return text.slice(0, index) + character + text.slice(index + 1);
};

describe('one-time tokens', () => {
  test('read back for any id', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const { text, secret } = newToken(id, systemRandom);
        expect(parseToken(text)).toEqual({ id, secret });
      }),
    );
  });

  test('have one spelling: another text is another token or none', () => {
    fc.assert(
      fc.property(fc.uuid(), oneCharacter(), (id, change) => {
        const { text, secret } = newToken(id, systemRandom);
        const other = changed(text, change);
        fc.pre(other !== text);
        expect(parseToken(other)).not.toEqual({ id, secret });
      }),
    );
  });
});

describe('refresh tokens', () => {
  const generations = () => fc.nat(2 ** 31 - 1);
  const keys = () => fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

  test('read back with their own MAC', () => {
    fc.assert(
      fc.property(keys(), fc.uuid(), generations(), (key, id, generation) => {
        const parsed = parseRefreshToken(formatRefreshToken(key, id as SessionId, generation));
        expect(parsed).toMatchObject({ sessionId: id, generation });
        expect(parsed && isMacOf(key, parsed)).toBe(true);
      }),
    );
  });

  test('with any one character another are none, or have the wrong MAC', () => {
    fc.assert(
      fc.property(keys(), fc.uuid(), generations(), oneCharacter(), (key, id, generation, change) => {
        const text = formatRefreshToken(key, id as SessionId, generation);
        const other = changed(text, change);
        fc.pre(other !== text);
        const parsed = parseRefreshToken(other);
        expect(parsed !== undefined && isMacOf(key, parsed)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('device tokens', () => {
  const keyring = keyringOf();
  const now = new Date('2026-11-24T07:00:00Z');
  const devices = (): fc.Arbitrary<DeviceToken> =>
    fc.record({
      userId: fc.uuid().map((id) => id as UserId),
      deviceId: fc.uuid().map((id) => id as DeviceId),
      expiresAt: fc.date({ min: new Date(now.getTime() + 1), max: new Date(9_999_999_999_999), noInvalidDate: true }),
    });

  test('read back for any user, device and expiry to come', () => {
    fc.assert(
      fc.property(devices(), (device) => {
        expect(parseDeviceToken(keyring, formatDeviceToken(keyring, device), now)).toEqual(device);
      }),
    );
  });

  test('with any one character another are none', () => {
    fc.assert(
      fc.property(devices(), oneCharacter(), (device, change) => {
        const text = formatDeviceToken(keyring, device);
        const other = changed(text, change);
        fc.pre(other !== text);
        expect(parseDeviceToken(keyring, other, now)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('have a MAC for no two that differ in anything', () => {
    const macOf = (device: DeviceToken) => formatDeviceToken(keyring, device).split('.')[4];
    fc.assert(
      fc.property(devices(), devices(), (one, other) => {
        expect(macOf(one) === macOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  test('are never made of any text by accident, and no text is an error of ours', () => {
    const part = () => fc.oneof(fc.string(), fc.base64String(), fc.constantFrom('1', '1827039600000'));
    fc.assert(
      fc.property(fc.array(part(), { maxLength: 6 }), (parts) => {
        expect(parseDeviceToken(keyring, parts.join('.'), now)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('access tokens', () => {
  let keys: KeySet;
  beforeAll(async () => {
    keys = await makeKeySet('EdDSA');
  });

  test('verify to whose they are, whatever else was signed', () => {
    const texts = () => fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 5 });
    const claims = fc.record({
      sub: fc.uuid().map((id) => id as UserId),
      sid: fc.uuid().map((id) => id as SessionId),
      gen: fc.nat(2 ** 31 - 1),
      authTime: fc.nat(2 ** 31).map((seconds) => new Date(seconds * 1000)),
      amr: texts(),
      acr: fc.string({ unit: 'binary' }),
      roles: texts(),
      permissions: texts(),
    });
    const { tokens } = tokensOver(keys);
    fc.assert(
      fc.property(claims, (signed) => {
        const { sub, sid, gen } = signed;
        expect(tokens.verify(tokens.sign(signed).token)).toMatchObject({ sub, sid, gen });
      }),
    );
  });

  test('are refused with any one character another, also when the true one is remembered', () => {
    const { tokens } = tokensOver(keys);
    const { token } = tokens.sign(ADA);
    fc.assert(
      fc.property(oneCharacter(), (change) => {
        const other = changed(token, change);
        fc.pre(other !== token);
        expect(verdictOf(tokens, token)).toBe('valid');
        expect(verdictOf(tokens, other)).not.toMatch(/^(valid|EXPIRED)$/);
      }),
      { numRuns: 500 },
    );
  });

  test('are never made of any text by accident, and no text is an error of ours', () => {
    const { tokens } = tokensOver(keys);
    const part = () =>
      fc.oneof(
        fc.string(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      );
    fc.assert(
      fc.property(fc.array(part(), { maxLength: 4 }), (parts) => {
        expect(verdictOf(tokens, parts.join('.'))).toMatch(/^(FORM|HEADER|KEY)$/);
      }),
      { numRuns: 500 },
    );
  });
});
