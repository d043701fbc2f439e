import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KEY_BYTES } from '../../src/crypto/keyring-text.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/** Runs a text as a module of the project, in a process of its own. */
const run = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', `await import('./test/support/typescript.js'); ${code}`], {
    encoding: 'utf8',
  });

describe('the sources', () => {
  test('evaluate no text as a program (v5.0.0-1.3.2)', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
    const evaluating = files.filter((name) =>
      /\beval\s*\(|\bnew Function\b|['"](?:node:)?vm['"]|\bsetTimeout\s*\(\s*['"`]/.test(
        readFileSync(`src/${name}`, 'utf8'),
      ),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(evaluating).toEqual([]);
  });

  test('have keys of 256 bits (v5.0.0-11.2.3)', () => {
    expect(KEY_BYTES * 8).toBe(256);
  });

  test('leave their tests out of the package (v5.0.0-15.2.3)', () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(packed);
    expect(files.map(({ path }) => path)).toContain('package.json');
    expect(files.filter(({ path }) => /(^|\/)test\//.test(path))).toEqual([]);
  });
});

describe('the log', () => {
  test('is one JSON object a line on standard error, whatever a fact holds, and its messages are no formats (v5.0.0-16.4.1)', () => {
    const { stdout, stderr } = run(`
      const { makeLogger } = await import('./src/platform/logger.ts');
      const log = makeLogger('info');
      log.info('%s of %j', { fact: 'x\\n{"level":50,"msg":"forged"}\\r\\u2028' });
      log.warn('second', { fact: '%d' });`);
    expect(stdout).toBe('');
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(['%s of %j', 'second']);
    expect(lines.map(({ fact }) => fact)).toEqual(['x\n{"level":50,"msg":"forged"}\r\u2028', '%d']);
  });
});

describe('the server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  test('answers JSON that no value can break out of (v5.0.0-1.2.3)', async () => {
    const { client } = await server.person('ada@example.com');
    const bio = `"}]}\\ </script><!-- ' \t é 𝒜`;
    const answer = await client.send(
      'mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { profile { bio } } } }',
      {
        input: { bio },
      },
    );
    expect(answer.errors).toEqual([]);
    expect(JSON.parse(answer.text)).toEqual({ data: { updateProfile: { user: { profile: { bio } } } } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
  });

  test('takes a password however old it is (v5.0.0-6.2.10)', async () => {
    await server.signUp('bea@example.com');
    server.clock.advanceSeconds(400 * 86_400);
    const login = await server.anyone.send(
      `mutation { login(input: { email: "bea@example.com", password: "${PASSWORD}" }) { __typename } }`,
    );
    expect(login.data['login']).toEqual({ __typename: 'LoggedIn' });
  });
});
