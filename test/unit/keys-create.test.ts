import { describe, expect, test } from '@jest/globals';
import { parseKeyring } from '../../src/crypto/keyring.ts';
import { runInTerminal } from '../support/terminal.ts';

const create = (...words: string[]) => runInTerminal(['keys', 'create', ...words], {});

describe('keys create', () => {
  test('prints a keyring that production takes, and nothing else', async () => {
    const { code, out, err } = await create();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(parseKeyring(out).development).toBe(false);
  });

  test('makes other keys each time', async () => {
    const [first, second] = [parseKeyring((await create()).out), parseKeyring((await create()).out)];
    const secretOf = (keyring: typeof first) => keyring.active('wrapping').secret.export().toString('hex');
    expect(secretOf(first)).not.toBe(secretOf(second));
  });

  test('refuses words, and prints no keys with them', async () => {
    const { code, out } = await create('--force');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});
