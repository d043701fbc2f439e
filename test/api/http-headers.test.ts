import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, ask, type HttpApp, post, sendRaw, startHttpApp } from '../support/http-app.ts';

/** One request for every way in which an answer can come about. */
const WAYS: Readonly<Record<string, (port: number) => Promise<Answer>>> = {
  'an answer of GraphQL': (port) => post(port, { query: '{ ok }' }),
  'a body too large': (port) => post(port, `{"query":"${'x'.repeat(100_000)}"}`),
  'a body that is no JSON': (port) => post(port, '{'),
  'another content type': (port) => post(port, 'query=x', { 'content-type': 'text/plain' }),
  'a failure inside': (port) => post(port, { query: 'fail' }),
  'another method': (port) => ask(port, { path: '/graphql' }),
  'an unknown path': (port) => ask(port, { path: '/elsewhere' }),
  'an unknown path with HEAD': (port) => ask(port, { method: 'HEAD', path: '/elsewhere' }),
  'a path that cannot be decoded': (port) => ask(port, { path: '/%ZZ' }),
  'an unknown method': (port) => ask(port, { method: 'PROPFIND', path: '/graphql' }),
  TRACE: (port) => ask(port, { method: 'TRACE', path: '/graphql', headers: { 'x-echo': 'canary' } }),
  'a preflight': (port) => preflight(port, 'http://localhost:4000'),
  "a stranger's preflight": (port) => preflight(port, 'https://evil.example'),
  'a wrong host': (port) => ask(port, { headers: { host: 'evil.example' } }),
  'no host': (port) => sendRaw(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
  'two hosts': (port) =>
    sendRaw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
  'a target with another host': (port) =>
    sendRaw(port, 'GET http://evil.example/schema.graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
  'no HTTP': (port) => sendRaw(port, 'canary\r\n\r\n'),
  'headers too large': (port) => sendRaw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
  'an unknown expectation': (port) => sendRaw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: canary\r\n\r\n'),
  'an upgrade': (port) =>
    ask(port, {
      path: '/graphql',
      headers: { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    }),
  live: (port) => ask(port, { path: '/health/live' }),
  ready: (port) => ask(port, { path: '/health/ready' }),
  'the keys': (port) => ask(port, { path: '/.well-known/jwks.json' }),
  'the schema': (port) => ask(port, { path: '/schema.graphql' }),
  'the playground': (port) => ask(port, { path: '/' }),
};

const preflight = (port: number, origin: string): Promise<Answer> =>
  ask(port, {
    method: 'OPTIONS',
    path: '/graphql',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  });

const failing = {
  handleGraphql: async (request: { body: unknown }) => {
    if (JSON.stringify(request.body).includes('fail')) throw new Error('canary of a stack');
    return '{"data":null}';
  },
};

describe('every answer (v5.0.0-3.4.1, 3.4.3, 3.4.4, 3.4.6, 3.5.8, 13.4.4)', () => {
  let http: HttpApp;
  let https: HttpApp;
  beforeAll(async () => {
    const env = { PUBLIC_URL: 'http://localhost:4000' };
    http = await startHttpApp(env, failing);
    https = await startHttpApp({ ...env, PUBLIC_URL: 'https://localhost:4000' }, failing);
  });
  afterAll(async () => {
    await http.stop();
    await https.stop();
  });

  test.each(Object.entries(WAYS))('%s has the security headers, an id, and nothing of the request', async (_, way) => {
    const answer = await way(http.port);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
      'permissions-policy': expect.stringContaining('camera=()'),
      'cache-control': expect.any(String),
      'x-request-id': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    });
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.text).not.toMatch(/canary| {4}at /);
  });

  test.each(Object.entries(WAYS))('%s has HSTS where clients come by https', async (_, way) => {
    const { headers } = await way(https.port);
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });

  test.each(Object.entries(WAYS))(
    '%s, where it is an error, is a list of errors with code and id, kept by nobody',
    async (_, way) => {
      const { status, headers, text, errors } = await way(http.port);
      if (status < 400 || text === '') return;
      expect(errors).toHaveLength(1);
      expect(errors[0]?.extensions).toMatchObject({ code: expect.any(String), requestId: headers['x-request-id'] });
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    },
  );

  test('an answer that is shown as a page loads nothing', async () => {
    const { headers } = await ask(http.port, { path: '/elsewhere' });
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
  });

  test('has the status that the contract gives it', async () => {
    const statuses: Record<string, number> = {};
    for (const [name, way] of Object.entries(WAYS)) statuses[name] = (await way(http.port)).status;
    expect(statuses).toEqual({
      'an answer of GraphQL': 200,
      'a body too large': 413,
      'a body that is no JSON': 400,
      'another content type': 415,
      'a failure inside': 500,
      'another method': 405,
      'an unknown path': 404,
      'an unknown path with HEAD': 404,
      'a path that cannot be decoded': 400,
      'an unknown method': 405,
      TRACE: 405,
      'a preflight': 204,
      "a stranger's preflight": 204,
      'a wrong host': 421,
      'no host': 421,
      'two hosts': 400,
      'a target with another host': 421,
      'no HTTP': 400,
      'headers too large': 431,
      'an unknown expectation': 417,
      'an upgrade': 405,
      live: 200,
      ready: 200,
      'the keys': 200,
      'the schema': 200,
      'the playground': 200,
    });
  });
});
