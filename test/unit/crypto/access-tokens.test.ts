import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { type KeySet, type SigningAlgorithm, toJwks } from '../../../src/crypto/signing-keys.ts';
import {
  ADA,
  decodeToken,
  ISSUER,
  makeKeySet,
  signAnything,
  tokensOver,
  verdictOf,
} from '../../support/access-token-kit.ts';

describe.each<SigningAlgorithm>(['EdDSA', 'ES256'])('an access token signed with %s', (algorithm) => {
  let keys: KeySet;
  beforeAll(async () => {
    keys = await makeKeySet(algorithm);
  });

  test('says what was signed, in whole seconds', () => {
    const { tokens } = tokensOver(keys);
    const { token, expiresIn } = tokens.sign(ADA);
    const { header, payload } = decodeToken(token);
    expect(expiresIn).toBe(600);
    expect(header).toEqual({ alg: algorithm, typ: 'at+jwt', kid: keys.current.kid });
    expect(payload).toEqual({
      iss: ISSUER,
      aud: ISSUER,
      sub: ADA.sub,
      sid: ADA.sid,
      gen: 3,
      iat: 1795503770,
      exp: 1795504370,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      auth_time: 1795500000,
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'aal2',
      roles: ['user', 'support'],
      permissions: ['USERS_READ'],
    });
    expect(decodeToken(tokens.sign(ADA).token).payload.jti).not.toBe(payload.jti);
  });

  test('verifies to whose it is, by which key and until when, at once and from memory', () => {
    const { tokens, clock } = tokensOver(keys);
    const { token } = tokens.sign(ADA);
    const { sub, sid, gen } = ADA;
    const expected = { sub, sid, gen, kid: keys.current.kid, expiresAtMs: clock.now().getTime() + 600_000 };
    expect(tokens.verify(token)).toEqual(expected);
    expect(tokens.verify(token)).toBe(tokens.verify(token));
  });

  test('for another audience says all the same but that, is refused here, and is good there', () => {
    const { tokens } = tokensOver(keys);
    const shop = 'https://shop.example.com';
    const { token, expiresIn } = tokens.sign(ADA, shop);
    const { iat, exp, jti, ...said } = decodeToken(tokens.sign(ADA).token).payload;
    expect(decodeToken(token).payload).toEqual({ ...said, aud: shop, iat, exp, jti: expect.not.stringMatching(jti) });
    expect(expiresIn).toBe(600);
    expect(verdictOf(tokens, token)).toBe('AUDIENCE');
    expect(verdictOf(tokensOver(keys, { audience: shop }).tokens, token)).toBe('valid');
    expect(verdictOf(tokens, tokens.sign(ADA, ISSUER).token)).toBe('valid');
  });

  test('is taken by jose as other services would use it, from the published keys', async () => {
    const { tokens, clock } = tokensOver(keys);
    const options = {
      algorithms: [algorithm],
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: ISSUER,
      currentDate: clock.now(),
    };
    const checked = await jwtVerify(tokens.sign(ADA).token, createLocalJWKSet(toJwks(keys)), {
      ...options,
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'sid', 'gen'],
    });
    expect(checked.payload).toMatchObject({ sub: ADA.sub, sid: ADA.sid, gen: 3, roles: ADA.roles });
  });

  test('is good until its last second, and expired from then on, also from memory', () => {
    const { tokens, clock } = tokensOver(keys);
    const { token } = tokens.sign(ADA);
    clock.advanceSeconds(599);
    expect(verdictOf(tokens, token)).toBe('valid');
    clock.advanceSeconds(1);
    expect(verdictOf(tokens, token)).toBe('EXPIRED');
    expect(verdictOf(tokensOver(keys).tokens, token)).toBe('valid');
  });
});

describe('keys that change', () => {
  test('a token of a retired key is taken for as long as that key is in the set', async () => {
    const [old, next] = await Promise.all([makeKeySet('EdDSA'), makeKeySet('ES256')]);
    const { tokens, set } = tokensOver(old);
    const { token } = tokens.sign(ADA);
    set.keys = { current: next.current, byKid: new Map([...old.byKid, ...next.byKid]), revoked: new Set() };
    expect(verdictOf(tokens, token)).toBe('valid');
    expect(decodeToken(tokens.sign(ADA).token).header).toMatchObject({ alg: 'ES256', kid: next.current.kid });
  });

  test('a key that left the set takes its tokens with it, though they were found right before', async () => {
    const [old, next] = await Promise.all([makeKeySet('EdDSA'), makeKeySet('EdDSA')]);
    const { tokens, set } = tokensOver(old);
    const { token } = tokens.sign(ADA);
    expect(verdictOf(tokens, token)).toBe('valid');
    set.keys = next;
    expect(verdictOf(tokens, token)).toBe('KEY');
    set.keys = old;
    expect(verdictOf(tokens, token)).toBe('valid');
  });
});

describe('the memory of verified tokens', () => {
  let keys: KeySet;
  beforeAll(async () => {
    keys = await makeKeySet('EdDSA');
  });

  test('goes by the whole token: another signature on the same claims is checked', () => {
    const { tokens } = tokensOver(keys);
    const { token } = tokens.sign(ADA);
    const end = token.endsWith('A') ? 'Q' : 'A';
    expect(verdictOf(tokens, token)).toBe('valid');
    expect(verdictOf(tokens, `${token.slice(0, -1)}${end}`)).toBe('SIGNATURE');
  });

  test('can be made to forget one key, and no other', async () => {
    const other = await makeKeySet('EdDSA');
    const { tokens, set } = tokensOver(keys);
    const first = tokens.sign(ADA).token;
    set.keys = { current: other.current, byKid: new Map([...keys.byKid, ...other.byKid]), revoked: new Set() };
    const second = tokens.sign(ADA).token;
    const [ofFirst, ofSecond] = [tokens.verify(first), tokens.verify(second)];
    tokens.forgetKey(keys.current.kid);
    expect(tokens.verify(second)).toBe(ofSecond);
    expect(tokens.verify(first)).not.toBe(ofFirst);
    expect(tokens.verify(first)).toEqual(ofFirst);
  });

  test('holds ten thousand tokens, and the oldest leave', () => {
    const { tokens } = tokensOver(keys);
    const oldest = tokens.sign(ADA).token;
    const second = tokens.sign(ADA).token;
    const [ofOldest, ofSecond] = [tokens.verify(oldest), tokens.verify(second)];
    for (let count = 2; count < 10_001; count += 1) tokens.verify(tokens.sign(ADA).token);
    expect(tokens.verify(second)).toBe(ofSecond);
    expect(tokens.verify(oldest)).not.toBe(ofOldest);
  });

  test('keeps nothing that was refused', () => {
    const { tokens, clock } = tokensOver(keys);
    const { payload } = decodeToken(tokens.sign(ADA).token);
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.current.kid };
    const early = signAnything(keys.current, header, { ...payload, iat: payload.iat + 61 });
    expect(verdictOf(tokens, early)).toBe('EARLY');
    clock.advanceSeconds(1);
    expect(verdictOf(tokens, early)).toBe('valid');
  });
});
