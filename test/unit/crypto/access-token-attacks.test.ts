import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AccessTokens } from '../../../src/crypto/access-tokens.ts';
import type { KeySet, SigningKey } from '../../../src/crypto/signing-keys.ts';
import {
  ADA,
  decodeToken,
  encodeText,
  ISSUER,
  makeKeySet,
  signAnything,
  tokensOver,
  verdictOf,
} from '../../support/access-token-kit.ts';

let keys: KeySet;
let key: SigningKey;
let tokens: AccessTokens;
let token: string;
let header: Record<string, unknown>;
let payload: Record<string, unknown>;

beforeAll(async () => {
  keys = await makeKeySet('EdDSA');
  key = keys.current;
  tokens = tokensOver(keys).tokens;
  token = tokens.sign(ADA).token;
  ({ header, payload } = decodeToken(token));
});

/** Another server's verdict, so that no memory of an earlier token can answer. */
const verdict = (text: string) => verdictOf(tokensOver(keys).tokens, text);
const withHeader = (changes: object) => signAnything(key, { ...header, ...changes }, payload);
const withPayload = (changes: object) => signAnything(key, header, { ...payload, ...changes });
const unsigned = (changes: object, signature: string) =>
  `${encodeText(JSON.stringify({ ...header, ...changes }))}.${token.split('.')[1]}.${signature}`;

test('the kit signs what the server takes: each refusal below is for its own change', () => {
  expect(verdict(signAnything(key, header, payload))).toBe('valid');
});

describe('algorithms (RFC 8725 §3.1)', () => {
  test.each(['none', 'None', 'NONE', ''])('alg %p is refused, with and without a signature', (alg) => {
    const [, , signature = ''] = token.split('.');
    expect(verdict(unsigned({ alg }, signature))).toBe('HEADER');
    expect(verdict(unsigned({ alg }, ''))).toBe('FORM');
    expect(verdict(withHeader({ alg }))).toBe('HEADER');
  });

  test('HS256 with the public key for a secret is refused, in each way to write that key', () => {
    const pem = String(key.publicKey.export({ format: 'pem', type: 'spki' }));
    const raw = Buffer.from(key.publicJwk.x, 'base64url');
    for (const secret of [pem, pem.trim(), raw, JSON.stringify(key.publicJwk)]) {
      const signed = unsigned({ alg: 'HS256' }, '').slice(0, -1);
      expect(verdict(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)).toBe('HEADER');
    }
  });

  test('the name of another algorithm than the key has is refused, though the signature is right', () => {
    for (const alg of ['ES256', 'Ed25519', 'eddsa', 'RS256', ['EdDSA'], null]) {
      expect(verdict(withHeader({ alg }))).toBe('HEADER');
    }
  });

  test('a signature of another kind of key under the name of ours is refused', async () => {
    const other = (await makeKeySet('ES256')).current;
    expect(verdict(signAnything(other, header, payload))).toBe('SIGNATURE');
    expect(verdict(signAnything(other, { ...header, alg: 'ES256' }, payload))).toBe('HEADER');
  });
});

describe('keys (ASVS v5.0.0-9.1.3)', () => {
  test('an unknown kid is refused', async () => {
    const other = (await makeKeySet('EdDSA')).current;
    expect(verdict(signAnything(other, { ...header, kid: other.kid }, payload))).toBe('KEY');
    for (const kid of ['', '../../dev/null', '__proto__', "' OR 1=1", 7, null]) {
      expect(verdict(withHeader({ kid }))).toBe('KEY');
    }
    expect(verdict(withHeader({ kid: [header['kid']] }))).toBe('HEADER');
  });

  test.each(['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'cty', 'zip', 'extra'])(
    'a header with %s is refused',
    (name) => {
      const values: Record<string, unknown> = { jwk: key.publicJwk, crit: ['b64'], b64: false };
      expect(verdict(withHeader({ [name]: values[name] ?? 'https://evil.example' }))).toBe('HEADER');
    },
  );
});

describe('purpose (RFC 8725 §3.11, ASVS v5.0.0-9.2.2)', () => {
  test.each(['JWT', 'AT+JWT', 'application/at+jwt', 'refresh+jwt', 'gatehouse-audit-head+jws', '', null])(
    'typ %p is refused',
    (typ) => {
      expect(verdict(withHeader({ typ }))).toBe('HEADER');
    },
  );

  test('the token of another issuer is refused', () => {
    for (const iss of ['https://evil.example', `${ISSUER}/`, ISSUER.toUpperCase(), [ISSUER], '', null, undefined]) {
      expect(verdict(withPayload({ iss }))).toBe('ISSUER');
    }
  });

  test('the token for another audience is refused, and one for a list with ours in it too (v5.0.0-9.2.3)', () => {
    for (const aud of [
      'https://reports.example.com',
      `${ISSUER}/`,
      [ISSUER],
      [ISSUER, 'https://b.example'],
      '',
      null,
      undefined,
    ]) {
      expect(verdict(withPayload({ aud }))).toBe('AUDIENCE');
    }
  });
});

describe('time (ASVS v5.0.0-9.2.1)', () => {
  const now = 1795503770;

  test('a token without exp never was valid', () => {
    expect(verdict(withPayload({ exp: undefined }))).toBe('CLAIMS');
  });

  test('an expired token is told from an invalid one, but only when its signature is right', () => {
    expect(verdict(withPayload({ exp: now - 1 }))).toBe('EXPIRED');
    expect(verdict(withPayload({ exp: now }))).toBe('EXPIRED');
    expect(verdict(withPayload({ exp: now + 1 }))).toBe('valid');
    const [head, , signature] = withPayload({ exp: now - 1 }).split('.');
    expect(verdict(`${head}.${encodeText(JSON.stringify({ ...payload, exp: now - 2 }))}.${signature}`)).toBe(
      'SIGNATURE',
    );
    expect(verdict(withPayload({ exp: now - 1, aud: 'https://reports.example.com' }))).toBe('AUDIENCE');
  });

  test('a token from the future is refused beyond the minute that clocks may differ', () => {
    expect(verdict(withPayload({ iat: now + 60 }))).toBe('valid');
    expect(verdict(withPayload({ iat: now + 61 }))).toBe('EARLY');
    expect(verdict(withPayload({ nbf: now + 60 }))).toBe('valid');
    expect(verdict(withPayload({ nbf: now + 61 }))).toBe('EARLY');
    expect(verdict(withPayload({ nbf: 'now' }))).toBe('EARLY');
  });

  test.each([['1795504370'], [1795504370.5], [-1], [null], [9007199254740991]])('exp %p is none', (exp) => {
    expect(verdict(withPayload({ exp }))).toBe('CLAIMS');
  });
});

describe('claims', () => {
  test.each(['sub', 'sid', 'gen', 'iat', 'jti', 'auth_time', 'amr', 'acr', 'roles', 'permissions'])(
    'a token without %s, or with it of another type, is refused',
    (name) => {
      for (const value of [undefined, null, true, {}, [1], '', 'x', -1, 1.5]) {
        const isText = typeof value === 'string' && ['jti', 'acr'].includes(name);
        expect(verdict(withPayload({ [name]: value }))).toBe(isText ? 'valid' : 'CLAIMS');
      }
    },
  );

  test('a claim that is not known yet is let by: claims are only ever added', () => {
    expect(verdict(withPayload({ tenant: 'x' }))).toBe('valid');
  });

  test.each(['null', '[]', '"x"', '7', '{', ''])('the payload %p is no set of claims', (text) => {
    expect(verdict(signAnything(key, header, text))).toMatch(/^(FORM|ISSUER)$/);
    expect(verdict(signAnything(key, text, payload))).toMatch(/^(FORM|HEADER)$/);
  });
});

describe('form: each token has one spelling', () => {
  test('anything but three parts is refused', () => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const spellings = [
      '',
      '.',
      '..',
      '...',
      head,
      `${head}.${body}`,
      `${head}.${body}.`,
      `.${body}.${signature}`,
      `${token}.`,
      `.${token}`,
    ];
    spellings.push(`${token}.${signature}`, `${head}..${signature}`);
    for (const text of spellings) expect(verdict(text)).toBe('FORM');
  });

  test('characters before, after or within are refused', () => {
    const [head, body, signature] = token.split('.');
    const spellings = [
      `${token} `,
      ` ${token}`,
      `${token}\n`,
      `${token}=`,
      `${token}\0`,
      `${token}\ud800`,
      `Bearer ${token}`,
    ];
    spellings.push(`${head}.${body}.\n${signature}`, `${head}.${body}=.${signature}`, token.replace('.', '。'));
    for (const text of spellings) expect(verdict(text)).toBe('FORM');
  });

  test('a signature with spare bits set is refused, though its bytes are the same', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.slice(-1));
    for (const spare of [1, 2, 15]) {
      const spelled = `${token.slice(0, -1)}${alphabet[last + spare]}`;
      expect(Buffer.from(spelled.split('.')[2] ?? '', 'base64url')).toEqual(
        Buffer.from(token.split('.')[2] ?? '', 'base64url'),
      );
      expect(verdict(spelled)).toBe('FORM');
    }
  });

  test('a name that stands twice is refused, also under a true signature (RFC 7515 §4)', () => {
    const headText = JSON.stringify(header);
    const bodyText = JSON.stringify(payload);
    expect(verdict(signAnything(key, headText.replace('{', '{"alg":"none",'), bodyText))).toBe('HEADER');
    expect(verdict(signAnything(key, headText, bodyText.replace('{', '{"sub":"somebody else",')))).toBe('FORM');
    expect(verdict(signAnything(key, headText, bodyText.replace('{', '{"s\\u0075b":"somebody else",')))).toBe('FORM');
    expect(verdict(signAnything(key, headText, bodyText.replace('{', '{ ')))).toBe('FORM');
  });

  test('a token beyond 8 kB is refused before anything is done with it', () => {
    expect(verdict(withPayload({ pad: 'x'.repeat(5000) }))).toBe('valid');
    expect(verdict(withPayload({ pad: 'x'.repeat(9000) }))).toBe('FORM');
    expect(verdict(`${token.slice(0, 20)}${'x'.repeat(1_000_000)}`)).toBe('FORM');
  });

  test('no error repeats anything of the token', () => {
    const hostile = withPayload({ aud: 'https://reports.example.com', sub: 'canary' });
    expect(() => tokens.verify(hostile)).toThrow('Not an access token of this server: AUDIENCE');
  });
});
