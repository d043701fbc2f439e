import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyringError, parseKeyring } from '../../../src/crypto/keyring.ts';
import { activateKey, addKey, findKeys, removeKey } from '../../../src/crypto/keyring-edit.ts';
import { replaceKeyringFile } from '../../../src/crypto/keyring-file.ts';
import { parseKeyringText } from '../../../src/crypto/keyring-text.ts';
import { CountedRandom } from '../../support/counted-random.ts';
import { keyringJson } from '../../support/keyrings.ts';

const text = JSON.stringify(keyringJson());
const random = new CountedRandom('edit');
const idsOf = (keyring: string) => findKeys(keyring, 'w1').concat(findKeys(keyring, 'w2'), findKeys(keyring, 'w3'));

describe('a changed keyring', () => {
  test('has a new key that is not active, and all it had', () => {
    const added = addKey(text, 'wrapping', random);
    expect(added.id).toBe('w2');
    const keyring = parseKeyring(added.text);
    expect(keyring.active('wrapping').id).toBe('w1');
    expect(keyring.all('wrapping').map(({ id }) => id)).toEqual(['w1', 'w2']);
    expect(keyring.get('wrapping', 'w1').secret.equals(parseKeyring(text).get('wrapping', 'w1').secret)).toBe(true);
  });

  test('gives no id again while a later one is there', () => {
    const two = activateKey(addKey(text, 'wrapping', random).text, 'wrapping', 'w2');
    const alone = removeKey(two, 'wrapping', 'w1');
    expect(idsOf(alone)).toEqual([{ purpose: 'wrapping', id: 'w2' }]);
    expect(addKey(alone, 'wrapping', random).id).toBe('w3');
  });

  test('is none where the active key would be gone, or is not there', () => {
    expect(() => removeKey(text, 'wrapping', 'w1')).toThrow(KeyringError);
    expect(() => activateKey(text, 'wrapping', 'w7')).toThrow(KeyringError);
  });

  test('is told apart where two purposes use one id', () => {
    const json = keyringJson();
    json.index = { active: 'w1', keys: { w1: json.index.keys['i1'] ?? '' } };
    expect(findKeys(JSON.stringify(json), 'w1')).toHaveLength(2);
    expect(findKeys(JSON.stringify(json), 'index/w1')).toEqual([{ purpose: 'index', id: 'w1' }]);
  });
});

describe('a keyring in memory', () => {
  test('takes on another reading of itself, wherever it is used', () => {
    const keyring = parseKeyring(text);
    const before = keyring.subkey('limits').export();
    const rotated = activateKey(addKey(text, 'system', random).text, 'system', 's2');
    keyring.adopt(parseKeyringText(rotated));
    expect(keyring.active('system').id).toBe('s2');
    expect(keyring.subkey('limits').export()).not.toEqual(before);
    expect(keyring.subkeysOf('system', 's1', 'limits').export()).toEqual(before);
  });

  test('takes on no other keyring, and no other key of an id it holds', () => {
    const keyring = parseKeyring(text);
    expect(() => keyring.adopt(parseKeyringText(JSON.stringify(keyringJson('another'))))).toThrow(/another keyring/);
    const forged = keyringJson();
    forged.pepper.keys = keyringJson('another').pepper.keys;
    expect(() => keyring.adopt(parseKeyringText(JSON.stringify(forged)))).toThrow(
      'key "p1" of "pepper" is another key',
    );
    expect(keyring.names()).toEqual(parseKeyring(text).names());
  });

  test('is named by marks that tell two keys of one id apart, and hold none of their bytes', () => {
    const names = [keyringJson(), keyringJson('another')].map(
      (json) => parseKeyring(JSON.stringify(json)).names().held,
    );
    expect(names[0]).toHaveLength(5);
    expect(names[0]?.filter((name) => names[1]?.includes(name))).toEqual([]);
    const secrets = Object.values(keyringJson().wrapping.keys).map((key) =>
      Buffer.from(key, 'base64url').toString('hex'),
    );
    for (const secret of secrets) expect(secret).not.toContain(names[0]?.[0]?.split('/')[2] ?? secret);
  });
});

describe('the keyring file', () => {
  let folder: string;
  const path = () => join(folder, 'keyring.json');
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyring-'));
  });
  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    writeFileSync(path(), 'before', { mode: 0o644 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is replaced whole, for its owner alone, and the one before kept', () => {
    expect(replaceKeyringFile(path(), 'before', 'after', random)).toBe(true);
    expect([path(), `${path()}.previous`].map((name) => readFileSync(name, 'utf8'))).toEqual(['after', 'before']);
    expect(statSync(path()).mode & 0o007).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['keyring.json', 'keyring.json.previous']);
  });

  test('stays as it is where somebody else has changed it since it was read', () => {
    writeFileSync(path(), 'changed meanwhile');
    expect(() => replaceKeyringFile(path(), 'before', 'after', random)).toThrow(KeyringError);
    expect(readFileSync(path(), 'utf8')).toBe('changed meanwhile');
    expect(readdirSync(folder)).toEqual(['keyring.json']);
  });

  test('that is a link stays one', () => {
    symlinkSync('keyring.json', join(folder, 'link'));
    expect(replaceKeyringFile(join(folder, 'link'), 'before', 'after', random)).toBe(true);
    expect(readFileSync(path(), 'utf8')).toBe('after');
  });
});
