import { createHmac, createPublicKey, createSecretKey, hkdfSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { ed25519FromSeed, jwkThumbprint, toPublicJwk } from '../../../src/crypto/jwk.ts';
import { lengthPrefixed } from '../../../src/crypto/length-prefixed.ts';
import { openBox, sealBox } from '../../../src/crypto/sealed-box.ts';
import { deriveSubkey } from '../../../src/crypto/subkeys.ts';
import { isSignatureOf, signBytes } from '../../../src/crypto/token-signature.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('AES-256-GCM, test case 16 of the GCM specification submitted to NIST', () => {
  const key = createSecretKey(hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'));
  const nonce = hex('cafebabefacedbaddecaf888');
  const aad = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const plaintext = hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const ciphertext = hex(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  );
  const box = Buffer.concat([hex('01'), nonce, ciphertext, hex('76fc6ece0f4e1768cddf8853bb2d551b')]);

  test('a box is version, nonce, ciphertext and tag', () => {
    expect(sealBox(key, aad, plaintext, { bytes: () => nonce }).toString('hex')).toBe(box.toString('hex'));
  });

  test('the box opens, and with another AAD it does not', () => {
    expect(openBox(key, aad, box)).toEqual(plaintext);
    expect(openBox(key, hex('00'), box)).toBeUndefined();
  });
});

describe('HKDF-SHA-256', () => {
  test('RFC 5869 A.3: no salt is the empty salt', () => {
    const okm = hkdfSync('sha256', createSecretKey(Buffer.alloc(22, 0x0b)), '', '', 42);
    expect(Buffer.from(okm).toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  test('a subkey is extract-then-expand (RFC 5869 §2) over the length-prefixed purpose and label', () => {
    const secret = Buffer.alloc(32, 7);
    const prk = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
    const info = lengthPrefixed('gatehouse-subkey/1', 'system', 'limits');
    const okm = createHmac('sha256', prk)
      .update(Buffer.concat([info, Buffer.of(1)]))
      .digest();
    expect(deriveSubkey(createSecretKey(secret), 'system', 'limits').export()).toEqual(okm);
  });
});

describe('Ed25519', () => {
  const seed = hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const privateKey = ed25519FromSeed(seed);
  const publicJwk = toPublicJwk(privateKey);
  const key = { kid: 'k', algorithm: 'EdDSA' as const, privateKey, publicKey: createPublicKey(privateKey), publicJwk };

  test('RFC 8032 §7.1, test 1: the key that grows from a seed', () => {
    expect(Buffer.from(publicJwk.x, 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
  });

  test('RFC 8032 §7.1, test 1: the signature of nothing', () => {
    const signature = hex(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    expect(signBytes(key, Buffer.alloc(0))).toEqual(signature);
    expect(isSignatureOf(key, Buffer.alloc(0), signature)).toBe(true);
    expect(isSignatureOf(key, Buffer.alloc(1), signature)).toBe(false);
  });

  test('RFC 8037 A.4: a JWS', () => {
    const signed = Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc');
    expect(signBytes(key, signed).toString('base64url')).toBe(
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    );
  });

  test('RFC 8037 A.3: the thumbprint', () => {
    expect(jwkThumbprint(publicJwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});

describe('ES256, RFC 7515 A.3', () => {
  const publicJwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  } as const;
  const key = { algorithm: 'ES256' as const, publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }) };
  const signed = Buffer.from(
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
  );
  const signature = Buffer.from(
    'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    'base64url',
  );

  test('the signature of 64 bytes is taken, and no other', () => {
    expect(isSignatureOf(key, signed, signature)).toBe(true);
    expect(isSignatureOf(key, Buffer.concat([signed, Buffer.of(0)]), signature)).toBe(false);
    expect(isSignatureOf(key, signed, signature.subarray(0, 63))).toBe(false);
  });

  test('the same signature in DER is not taken (RFC 7518 §3.4)', () => {
    const integer = (bytes: Buffer) => {
      const value = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
      return Buffer.concat([Buffer.of(0x02, value.length), value]);
    };
    const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
    expect(isSignatureOf(key, signed, Buffer.concat([Buffer.of(0x30, body.length), body]))).toBe(false);
  });

  test('the all-zero signature is not taken (CVE-2022-21449)', () => {
    expect(isSignatureOf(key, signed, Buffer.alloc(64))).toBe(false);
  });

  test('the thumbprint is the one that jose finds', async () => {
    expect(jwkThumbprint(publicJwk)).toBe(await calculateJwkThumbprint(publicJwk));
    expect(toPublicJwk(key.publicKey)).toEqual(publicJwk);
  });
});
