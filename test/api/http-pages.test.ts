import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { databaseCheck } from '../../src/http/health.ts';
import { ManualClock } from '../support/clock.ts';
import { ask, type HttpApp, startHttpApp } from '../support/http-app.ts';

describe('the playground', () => {
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'assets', 'main-1a2b3c4d.js'), 'export {}');
  writeFileSync(join(folder, '..', 'outside-canary.txt'), 'canary');
  let http: HttpApp;
  beforeAll(async () => {
    http = await startHttpApp({}, { playgroundFolder: folder });
  });
  afterAll(async () => {
    await http.stop();
    rmSync(folder, { recursive: true });
    rmSync(join(folder, '..', 'outside-canary.txt'));
  });

  test('is the page at /, under the strictest policy that it runs under', async () => {
    const { status, headers, text } = await ask(http.port, {});
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    expect(text).toContain('<title>page</title>');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';font-src 'self' data:;img-src 'self' data:;" +
        "connect-src 'self';worker-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
  });

  test('keeps what has a hash in its name for ever, under the same policy: workers go by their own', async () => {
    const { status, headers } = await ask(http.port, { path: '/assets/main-1a2b3c4d.js' });
    expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(headers['content-type']).toMatch(/^(text|application)\/javascript/);
    expect(headers['content-security-policy']).toContain("script-src 'self'");
  });

  test('answers 304 for what has not changed', async () => {
    const { headers } = await ask(http.port, {});
    expect((await ask(http.port, { headers: { 'if-none-match': headers.etag } })).status).toBe(304);
  });

  test.each([
    '/assets/',
    '/assets',
    '/../outside-canary.txt',
    '/..%2foutside-canary.txt',
    '/assets/../../outside-canary.txt',
    '/none.js',
  ])('has nothing at %s', async (path) => {
    const { status, code, text } = await ask(http.port, { path });
    expect([status, code]).toEqual([404, 'NOT_FOUND']);
    expect(text).not.toBe('canary');
  });

  test('takes GET and HEAD alone', async () => {
    expect(await ask(http.port, { method: 'POST', body: '{}' })).toMatchObject({
      status: 405,
      headers: { allow: 'HEAD, GET, OPTIONS' },
    });
    expect((await ask(http.port, { method: 'HEAD' })).status).toBe(200);
  });

  test('says how to build it where it is not built', async () => {
    const bare = await startHttpApp();
    const { status, headers, text } = await ask(bare.port, {});
    await bare.stop();
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(text).toContain('npm run build');
  });

  test('is not there when it is off, nor is the schema', async () => {
    const off = await startHttpApp({ PLAYGROUND: 'off', SCHEMA_ENDPOINT: 'off' }, { playgroundFolder: folder });
    const paths = ['/', '/index.html', '/assets/main-1a2b3c4d.js', '/schema.graphql'];
    const answers = await Promise.all(paths.map((path) => ask(off.port, { path })));
    await off.stop();
    expect(answers.map(({ status, code }) => [status, code])).toEqual(paths.map(() => [404, 'NOT_FOUND']));
  });
});

describe('published documents', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: '1', use: 'sig', alg: 'EdDSA' };
  let http: HttpApp;
  let fails = false;
  beforeAll(async () => {
    const readJwks = async () => {
      if (fails) throw new Error('canary database down');
      return { keys: [jwk] };
    };
    http = await startHttpApp({ CORS_ORIGINS: 'https://app.example' }, { readJwks });
  });
  afterAll(() => http.stop());

  test.each(['https://app.example', 'https://anybody.example', undefined])(
    'the keys are open to %s, without credentials',
    async (origin) => {
      const { status, headers, text } = await ask(http.port, {
        path: '/.well-known/jwks.json',
        headers: origin ? { origin } : {},
      });
      expect(status).toBe(200);
      expect(JSON.parse(text)).toEqual({ keys: [jwk] });
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'public, max-age=300',
        'access-control-allow-origin': '*',
      });
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    },
  );

  test('a failure to read them is kept by nobody and tells nothing', async () => {
    fails = true;
    const { status, headers, text, code } = await ask(http.port, { path: '/.well-known/jwks.json' });
    fails = false;
    expect([status, headers['cache-control'], code]).toEqual([500, 'no-store', 'INTERNAL_SERVER_ERROR']);
    expect(text).not.toContain('canary');
  });

  test('the schema is text', async () => {
    const { headers, text } = await ask(http.port, { path: '/schema.graphql' });
    expect([headers['content-type'], text]).toEqual(['text/plain; charset=utf-8', 'type Query { ok: Boolean }']);
  });

  test('are read alone', async () => {
    expect((await ask(http.port, { method: 'DELETE', path: '/.well-known/jwks.json' })).headers.allow).toBe(
      'GET, HEAD, OPTIONS',
    );
    expect((await ask(http.port, { method: 'PUT', path: '/health/live', body: '{}' })).status).toBe(405);
  });
});

describe('health', () => {
  test('is ready while every check passes, and says no more than that when one does not', async () => {
    const theirs = new ManualClock();
    const outcome = { reads: 0, fails: false };
    const readTime = async () => {
      outcome.reads += 1;
      if (outcome.fails) throw new Error('canary connect ECONNREFUSED db.internal');
      return theirs.now();
    };
    const http = await startHttpApp({}, { readinessChecks: [databaseCheck(readTime, new ManualClock())] });
    const ready = async () => {
      http.clock.advanceSeconds(1);
      return ask(http.port, { path: '/health/ready' });
    };

    expect(await ready()).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    outcome.fails = true;
    const failed = await ready();
    expect(failed).toMatchObject({ status: 503, code: 'BUSY', headers: { 'retry-after': '1' } });
    expect(failed.text).not.toMatch(/canary|database|db/);
    await ready();
    outcome.fails = false;
    expect((await ready()).status).toBe(200);
    theirs.advanceSeconds(3);
    expect((await ready()).status).toBe(503);
    expect((await ask(http.port, { path: '/health/live' })).text).toBe('{"status":"ok"}');
    const lines = http.log.filter(({ level }) => level !== 'debug');
    expect(lines.map(({ message }) => message)).toEqual(['not ready', 'ready again', 'not ready']);
    expect(JSON.stringify(http.log)).not.toContain('canary');
    await http.stop();
  });

  test('asks the database once a second, however many ask', async () => {
    let reads = 0;
    const readTime = async () => {
      reads += 1;
      return new ManualClock().now();
    };
    const http = await startHttpApp({}, { readinessChecks: [databaseCheck(readTime, new ManualClock())] });
    await Promise.all(Array.from({ length: 20 }, () => ask(http.port, { path: '/health/ready' })));
    expect(reads).toBe(1);
    http.clock.advanceSeconds(1);
    await ask(http.port, { path: '/health/ready' });
    expect(reads).toBe(2);
    await http.stop();
  });
});
