import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { auditMacKey, auditSigner } from '../../../src/crypto/audit-keys.ts';
import { generateKeyring, KeyMissing, KeyringError, parseKeyring, ROOT_PURPOSES } from '../../../src/crypto/keyring.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { type KeyringJson, keyringJson, keyringOf, rotated } from '../../support/keyrings.ts';

const parse = (json: unknown) => parseKeyring(JSON.stringify(json));
const changed = (change: (json: KeyringJson) => void): KeyringJson => {
  const json = keyringJson();
  change(json);
  return json;
};

function problemOf(text: string): string {
  try {
    parseKeyring(text);
  } catch (error) {
    if (error instanceof KeyringError) return error.message;
    throw error;
  }
  return 'none';
}

describe('a new keyring', () => {
  test('holds one random key for each purpose, and reads back', () => {
    const keyring = parseKeyring(generateKeyring({ development: false, random: systemRandom }));
    expect(ROOT_PURPOSES.map((purpose) => keyring.active(purpose).id)).toEqual(['w1', 'i1', 'p1', 's1', 'a1']);
    const secrets = ROOT_PURPOSES.map((purpose) => keyring.active(purpose).secret.export().toString('hex'));
    expect(new Set(secrets).size).toBe(5);
    expect(secrets.every((secret) => secret.length === 64)).toBe(true);
  });

  test('says whether it is for development', () => {
    const made = (development: boolean) => parseKeyring(generateKeyring({ development, random: systemRandom }));
    expect(made(true).development).toBe(true);
    expect(made(false).development).toBe(false);
  });

  test('two are never alike', () => {
    const make = () => generateKeyring({ development: true, random: systemRandom });
    expect(make()).not.toBe(make());
  });

  test('its audit root is the thumbprint of its first audit key', () => {
    const keyring = keyringOf();
    expect(keyring.auditRoot).toBe(auditSigner(keyring, 'a1').thumbprint);
    expect(rotated('audit', 'a2').auditRoot).toBe(keyring.auditRoot);
    expect(keyringOf('other').auditRoot).not.toBe(keyring.auditRoot);
  });
});

describe('finding a key', () => {
  test('the active key is the one named so, and the older ones stay within reach', () => {
    const keyring = rotated('wrapping', 'w2');
    expect(keyring.active('wrapping').id).toBe('w2');
    expect(keyring.get('wrapping', 'w1').secret.equals(keyringOf().active('wrapping').secret)).toBe(true);
    expect(keyring.all('wrapping').map(({ id }) => id)).toEqual(['w2', 'w1']);
    expect(keyring.all('system').map(({ id }) => id)).toEqual(['s1']);
  });

  test('a missing key is named by purpose and id', () => {
    const find = () => keyringOf().get('pepper', 'p9');
    expect(find).toThrow(KeyMissing);
    expect(find).toThrow('The keyring has no pepper key "p9"');
  });

  test('an id of another purpose, or of every object, finds nothing', () => {
    expect(() => keyringOf().get('pepper', 'w1')).toThrow(KeyMissing);
    expect(() => keyringOf().get('pepper', 'constructor')).toThrow(KeyMissing);
  });
});

describe('subkeys', () => {
  test('differ by label, by root key and by purpose, and are the same each time', () => {
    const keyring = rotated('system', 's2');
    const hex = (key: { export(): Buffer }) => key.export().toString('hex');
    const all = [
      keyring.subkey('limits'),
      keyring.subkey('cursors'),
      keyring.subkeysOf('system', 's1', 'limits'),
      keyring.subkeysOf('index', 'i1', 'limits'),
      keyring.active('system').secret,
    ].map(hex);
    expect(new Set(all).size).toBe(all.length);
    expect(keyring.subkey('limits')).toBe(keyring.subkeysOf('system', 's2', 'limits'));
    expect(hex(keyringOf().subkey('limits'))).toBe(all[2]);
    expect(() => keyring.subkeysOf('system', 's3', 'limits')).toThrow(KeyMissing);
  });

  test('of one id and label differ between two purposes', () => {
    const json = keyringJson();
    json.system = { active: 'k', keys: { k: json.system.keys['s1'] ?? '' } };
    json.index = { active: 'k', keys: { k: json.index.keys['i1'] ?? '' } };
    const keyring = parse(json);
    expect(keyring.subkeysOf('system', 'k', 'limits').equals(keyring.subkeysOf('index', 'k', 'limits'))).toBe(false);
  });

  test('an audit key gives a MAC key and a signer that have nothing in common', () => {
    const keyring = rotated('audit', 'a2');
    const signer = auditSigner(keyring, 'a1');
    expect(signer.id).toBe('a1');
    expect(signer.publicJwk).toEqual({ kty: 'OKP', crv: 'Ed25519', x: expect.any(String) });
    expect(signer.privateKey.export({ format: 'jwk' }).d).not.toBe(
      auditMacKey(keyring, 'a1').export().toString('base64url'),
    );
    expect(auditSigner(keyring, 'a2').thumbprint).not.toBe(signer.thumbprint);
    expect(auditMacKey(keyring, 'a2').equals(auditMacKey(keyring, 'a1'))).toBe(false);
    expect(() => auditMacKey(keyring, 'a3')).toThrow(KeyMissing);
  });
});

describe('a keyring that cannot be used is refused, and the message says why', () => {
  const secret = keyringJson().pepper.keys['p1'] ?? '';
  const spareBits = (text: string) =>
    `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : String.fromCharCode(text.charCodeAt(42) + 1)}`;
  const setPepper = (text: unknown) => (json: KeyringJson) => Object.assign(json.pepper.keys, { p1: text });

  test.each<[string, (json: KeyringJson) => void, string]>([
    [
      'another format',
      (json) => Object.assign(json, { format: 'gatehouse-keyring/2' }),
      '"format" must be "gatehouse-keyring/1"',
    ],
    [
      'no word on development',
      (json) => Object.assign(json, { development: 'no' }),
      '"development" must be true or false',
    ],
    ['an unknown field', (json) => Object.assign(json, { peper: {} }), 'the whole has the unknown field "peper"'],
    [
      'an unknown field of a purpose',
      (json) => Object.assign(json.index, { old: 1 }),
      '"index" has the unknown field "old"',
    ],
    ['a purpose left out', (json) => Reflect.deleteProperty(json, 'audit'), '"audit" must be an object'],
    ['a list for a purpose', (json) => Object.assign(json, { audit: [] }), '"audit" must be an object'],
    ['no keys', (json) => Object.assign(json.system, { keys: null }), '"keys" of "system" must be an object'],
    ['no active key named', (json) => Reflect.deleteProperty(json.index, 'active'), '"index" must name its active key'],
    [
      'an active key that is not there',
      (json) => Object.assign(json.index, { active: 'i2' }),
      '"index" has no key "i2", which it calls active',
    ],
    ['a bad id', (json) => Object.assign(json.index.keys, { '1 i': secret }), '"index" has a key id that is not'],
    [
      'the id __proto__',
      (json) => Object.defineProperty(json.index.keys, '__proto__', { value: secret, enumerable: true }),
      '"index" has a key id that is not',
    ],
    ['a number for a secret', setPepper(7), 'key "p1" of "pepper" must be base64url without padding'],
    ['padding', setPepper(`${secret}=`), 'key "p1" of "pepper" must be base64url without padding'],
    ['spare bits', setPepper(spareBits(secret)), 'key "p1" of "pepper" must be base64url without padding'],
    [
      '31 bytes',
      setPepper(Buffer.from(secret, 'base64url').subarray(1).toString('base64url')),
      'key "p1" of "pepper" must be 32 bytes, not 31',
    ],
    [
      '33 bytes',
      setPepper(Buffer.alloc(33, secret).toString('base64url')),
      'key "p1" of "pepper" must be 32 bytes, not 33',
    ],
    ['nothing', setPepper(''), 'key "p1" of "pepper" must be 32 bytes, not 0'],
    [
      'a placeholder of zeros',
      setPepper(Buffer.alloc(32).toString('base64url')),
      'key "p1" of "pepper" is one byte repeated',
    ],
    [
      'one secret twice in a purpose',
      (json) => Object.assign(json.pepper.keys, { p2: secret }),
      'key "p2" of "pepper" is the same as key "p1" of "pepper"',
    ],
    [
      'one secret for two purposes',
      (json) => Object.assign(json.audit.keys, { a1: secret }),
      'key "a1" of "audit" is the same as key "p1" of "pepper"',
    ],
    ['no audit root', (json) => Reflect.deleteProperty(json, 'auditRoot'), '"auditRoot" must be the thumbprint'],
    ['a short audit root', (json) => Object.assign(json, { auditRoot: 'AAAA' }), '"auditRoot" must be the thumbprint'],
  ])('%s', (_what, change, problem) => {
    expect(problemOf(JSON.stringify(changed(change)))).toContain(`Keyring: ${problem}`);
  });

  test.each(['', '{', 'null', '[]', '"text"', `{"secret": "${secret}"`])('the text %#', (text) => {
    expect(problemOf(text)).toMatch(/^Keyring: (not valid JSON|the whole must be an object)$/);
  });

  test('a name that stands twice, of which JSON would silently drop the first', () => {
    const twice = JSON.stringify(keyringJson()).replace('"p1":', `"p1":"${'A'.repeat(43)}","p1":`);
    expect(problemOf(twice)).toBe('Keyring: a name stands in it twice');
    expect(problemOf(twice.replace('"p1"', '"p\\u0031"'))).toBe('Keyring: a name stands in it twice');
  });

  test('no message repeats key material, wherever it was put by mistake', () => {
    const misplaced = [
      changed((json) => Object.assign(json, { [secret]: 1 })),
      changed((json) => Object.assign(json.index, { active: secret })),
      changed((json) => Object.assign(json.index.keys, { [secret]: secret })),
      changed((json) => Object.assign(json.index.keys, { i2: `${secret}!` })),
      changed((json) => Object.assign(json, { auditRoot: `${secret}A` })),
    ].map((json) => JSON.stringify(json));
    for (const text of [...misplaced, `${secret}`, `{"pepper": ${secret}}`]) {
      expect(problemOf(text)).toMatch(/^Keyring: /);
      expect(problemOf(text)).not.toContain(secret.slice(0, 8));
    }
  });
});

test('neither printing nor JSON shows anything of the keys', () => {
  const json = keyringJson();
  const keyring = parse(json);
  const printed = inspect(keyring, { depth: 9, showHidden: true }) + JSON.stringify([keyring, keyring.all('pepper')]);
  for (const { keys } of ROOT_PURPOSES.map((purpose) => json[purpose])) {
    for (const text of Object.values(keys)) expect(printed).not.toContain(text.slice(0, 8));
  }
});
