import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { CountedRandom } from '../support/counted-random.ts';
import { keyringJson } from '../support/keyrings.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

/** Held and not yet active: as on every server between `keys add --index` and `keys rotate --index`. */
const KEYRING = (() => {
  const json = keyringJson();
  json.index.keys['i2'] = new CountedRandom('index i2').bytes(32).toString('base64url');
  return JSON.stringify(json);
})();

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, KEYRING });
});
afterAll(() => server.stop());

const keysOf = async (email: string) => {
  const { userId } = await server.logIn(email);
  const rows = await server.database.query(
    'SELECT key_version AS key FROM email_indexes WHERE user_id = $1 ORDER BY key_version',
    [userId],
  );
  return rows.map(({ key }: { key: string }) => key);
};

describe('while the address index gets another key', () => {
  test('who registers, or is made by an operator, is found by both', async () => {
    await server.signUp('ada@example.com');
    expect(await keysOf('ada@example.com')).toEqual(['i1', 'i2']);
    const made = await runInTerminal(
      'users create --email bob@example.com --password-stdin'.split(' '),
      { ...settingsBeside(server.shared), KEYRING, ARGON2_MEMORY_KIB: '64', ARGON2_PASSES: '1' },
      { piped: PASSWORD },
    );
    expect(made.code).toBe(0);
    expect(await keysOf('bob@example.com')).toEqual(['i1', 'i2']);
  });

  test('who changes the address, or takes the change back, is found by both, and the address before is free', async () => {
    const { client } = await server.person('cleo@example.com');
    await client.send('mutation { requestEmailChange(input: { newEmail: "cleo.new@example.com" }) { accepted } }');
    const token = await server.mails.token('cleo.new@example.com', 1);
    await client.send(`mutation { confirmEmailChange(input: { token: "${token}" }) { user { id } } }`);
    expect(await keysOf('cleo.new@example.com')).toEqual(['i1', 'i2']);
    const undo = await server.mails.token('cleo@example.com', 3);
    await server.anyone.send(`mutation { revertEmailChange(input: { token: "${undo}" }) { reverted } }`);
    const rows = await server.database.query(
      `SELECT key_version AS key, count(*)::int AS rows FROM email_indexes GROUP BY key_version ORDER BY key_version`,
    );
    const people = (await server.database.query('SELECT FROM users WHERE email IS NOT NULL')).length;
    expect(rows).toEqual([
      { key: 'i1', rows: people },
      { key: 'i2', rows: people },
    ]);
    await server.signUp('cleo.new@example.com');
  });
});
