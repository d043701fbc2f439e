import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { JWKS_SECONDS, PUBLISHED_SECONDS } from '../../src/sessions/signing-key-schedule.ts';
import type { Client } from '../support/client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { runInTerminal, settingsBeside } from '../support/terminal.ts';

let server: TestServer;
let second: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  second = await startTestServer({}, server.shared);
});
afterAll(async () => {
  await second.stop();
  await server.stop();
});

const gatehouse = (typed: string) => runInTerminal(typed.split(' '), settingsBeside(server.shared));

const ME = '{ me { email } }';
const REFRESH = `mutation($input: RefreshInput) { refresh(input: $input) { accessToken } }`;
const at = (url: TestServer, token: string): Client => url.anyone.as(token);

describe('keys rotate --signing --now', () => {
  test('ends every access token at the next request of every server, and nobody’s session', async () => {
    const ada = await server.person('ada@example.com');
    for (const each of [server, second]) expect((await at(each, ada.accessToken).send(ME)).errors).toEqual([]);

    const { code, out } = await gatehouse('keys rotate --signing --now');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^All signing keys are revoked\. [\w-]{43} signs from now on\.\n$/),
    ]);

    for (const each of [server, second]) {
      expect((await at(each, ada.accessToken).send(ME)).code).toBe('TOKEN_EXPIRED');
      expect((await at(each, ada.accessToken).send(ME)).code).toBe('TOKEN_EXPIRED');
    }
    const { data } = await server.anyone.send(REFRESH, { input: { refreshToken: ada.refreshToken } });
    for (const each of [second, server]) {
      expect((await at(each, data['refresh'].accessToken).send(ME)).data['me']).toEqual({ email: 'ada@example.com' });
    }
  });

  test('is known to a server that has seen no request since, when a token of the new key comes', async () => {
    const bob = await server.person('bob@example.com');
    await gatehouse('keys rotate --signing --now');
    server.clock.advanceSeconds(2);
    const { code } = await at(server, bob.accessToken).send(ME);
    const { data } = await server.anyone.send(REFRESH, { input: { refreshToken: bob.refreshToken } });
    const answer = await at(second, data['refresh'].accessToken).send(ME);
    expect([code, answer.data['me']]).toEqual(['TOKEN_EXPIRED', { email: 'bob@example.com' }]);
  });

  test('publishes none of the revoked keys, on no server', async () => {
    const before = await kids(second);
    await gatehouse('keys rotate --signing --now');
    const cay = await server.person('cay@example.com');
    await at(second, cay.accessToken).send(ME);
    expect((await kids(second)).filter((kid) => before.includes(kid))).toEqual([]);
  });
});

test('keys rotate --signing refuses while verifiers may not know the next key, and says until when', async () => {
  const { code, err } = await gatehouse('keys rotate --signing');
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /^gatehouse keys rotate: (The next key is not published for long enough|No next key is published yet)/,
    ),
  ]);
});

test.each(['keys rotate', 'keys rotate --signing --soon', 'keys rotate --now'])(
  '%s is refused with its help',
  async (typed) => {
    const { code, err } = await gatehouse(typed);
    expect([code, err.includes('Usage: gatehouse keys rotate')]).toEqual([2, true]);
  },
);

test('no verifier may keep the published keys longer than the next one is published before it signs', async () => {
  const response = await fetch(`${server.url}/.well-known/jwks.json`);
  expect(response.headers.get('cache-control')).toBe(`public, max-age=${JWKS_SECONDS}`);
  expect(PUBLISHED_SECONDS).toBeGreaterThanOrEqual(JWKS_SECONDS + 60);
});

test('no verifier is given an audit key: what signs heads must sign no token', async () => {
  const { keys } = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string; x: string }[];
  };
  const audit = await server.database.query('SELECT public_key FROM audit_keys');
  expect(keys.length).toBeGreaterThan(0);
  expect(audit).toHaveLength(1);
  for (const { public_key } of audit) expect(keys.map(({ x }) => x)).not.toContain(public_key.toString('base64url'));
  const { auditRoot } = JSON.parse(readFileSync(join(server.shared.dataDir, 'keyring.json'), 'utf8'));
  expect(keys.map(({ kid }) => kid)).not.toContain(auditRoot);
});

async function kids({ url }: TestServer): Promise<string[]> {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}
