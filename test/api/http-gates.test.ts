import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, ask, type HttpApp, post, sendRaw, startHttpApp } from '../support/http-app.ts';

const ORIGIN = 'https://app.example';

describe('the Host header', () => {
  let development: HttpApp;
  let production: HttpApp;
  beforeAll(async () => {
    development = await startHttpApp({ PUBLIC_URL: 'http://localhost:4000', ALLOWED_HOSTS: 'accounts.internal:8080' });
    production = await startHttpApp({
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://accounts.example',
      DATABASE_URL: 'postgres://localhost/a',
      KEYRING: '{}',
      MAIL_OUTBOX: 'accept',
      PLAIN_HTTP: 'accept',
    });
  });
  afterAll(async () => {
    await development.stop();
    await production.stop();
  });
  const statusFor = async ({ port }: HttpApp, host: string, headers = {}) =>
    (await ask(port, { path: '/.well-known/jwks.json', headers: { host, ...headers } })).status;

  test.each(['localhost:4000', 'LOCALHOST:9', '127.0.0.1', '[::1]:4000', 'x.localhost', 'accounts.internal:8080'])(
    'outside production %s is taken',
    async (host) => expect(await statusFor(development, host)).toBe(200),
  );

  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example',
    'accounts.internal',
    'localhost:x',
    '@localhost',
  ])('outside production %j is 421', async (host) => expect(await statusFor(development, host)).toBe(421));

  test.each(['accounts.example', 'ACCOUNTS.example:443'])('production takes %s', async (host) => {
    expect(await statusFor(production, host)).toBe(200);
  });

  test.each(['localhost', '127.0.0.1', 'accounts.example:80', 'accounts.example:4000', 'accounts.example.'])(
    'production refuses %s',
    async (host) => expect(await statusFor(production, host)).toBe(421),
  );

  test('X-Forwarded-Host neither helps nor harms', async () => {
    expect(await statusFor(development, 'evil.example', { 'x-forwarded-host': 'localhost:4000' })).toBe(421);
    expect(await statusFor(development, 'localhost:4000', { 'x-forwarded-host': 'evil.example' })).toBe(200);
  });

  test('health answers whatever the name', async () => {
    expect((await ask(production.port, { path: '/health/live', headers: { host: '10.0.0.7:4000' } })).status).toBe(200);
  });

  test('nothing is carried out for another host', async () => {
    expect((await post(development.port, { query: '{ ok }' }, { host: 'evil.example' })).code).toBe('BAD_USER_INPUT');
    expect(development.handled).toEqual([]);
  });
});

describe('a header that should stand once (v5.0.0-15.3.7)', () => {
  let http: HttpApp;
  beforeAll(async () => {
    http = await startHttpApp();
  });
  afterAll(() => http.stop());

  const send = (headers: string) =>
    sendRaw(
      http.port,
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n${headers}\r\n\r\n{}`,
    );

  test.each(['Authorization: Bearer a', 'Origin: https://a.example', 'Content-Type: application/json'])(
    '%s twice is refused, and once is not',
    async (header) => {
      const rest = header.startsWith('Content-Type') ? '' : '\r\nContent-Type: application/json';
      expect((await send(`${header}\r\n${header}${rest}`)).status).toBe(400);
      expect((await send(`${header}${rest}`)).status).toBe(200);
    },
  );
});

describe('CORS (v5.0.0-3.4.2)', () => {
  let http: HttpApp;
  beforeAll(async () => {
    const hitAddress = async () => (limited ? 7 : 0);
    http = await startHttpApp({ PUBLIC_URL: 'http://localhost:4000', CORS_ORIGINS: ORIGIN }, { hitAddress });
  });
  let limited = false;
  afterAll(() => http.stop());

  const answers = async (origin: string): Promise<readonly Answer[]> => [
    await post(http.port, { query: '{ ok }' }, { origin }),
    await post(http.port, '{', { origin }),
    await ask(http.port, { path: '/elsewhere', headers: { origin } }),
    await ask(http.port, { path: '/schema.graphql', headers: { origin } }),
    await ask(http.port, {
      method: 'OPTIONS',
      path: '/graphql',
      headers: { origin, 'access-control-request-method': 'POST' },
    }),
  ];

  test.each([ORIGIN, 'http://localhost:4000', 'http://127.0.0.1:0'])(
    '%s may read every answer, with credentials',
    async (origin) => {
      for (const { headers } of await answers(origin)) {
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers['access-control-allow-credentials']).toBe('true');
        expect(headers['access-control-expose-headers']).toBe('Retry-After, X-Request-Id');
        expect(headers.vary).toMatch(/\bOrigin\b/);
      }
    },
  );

  test.each([
    'https://evil.example',
    'null',
    'http://app.example',
    'https://app.example.evil.example',
    'https://evilapp.example',
    'https://app.example:8443',
    'https://APP.example',
    `${ORIGIN}, https://evil.example`,
  ])('%s may read none', async (origin) => {
    for (const { headers } of await answers(origin)) {
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers.vary).toMatch(/\bOrigin\b/);
    }
  });

  test('a preflight names the method, lasts a while, and reaches no handler', async () => {
    http.handled.length = 0;
    const { status, headers } = await ask(http.port, {
      method: 'OPTIONS',
      path: '/graphql',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '600',
    });
    expect(http.handled).toEqual([]);
  });

  test('a front end can read that it is limited, and for how long', async () => {
    limited = true;
    const { status, headers } = await post(http.port, { query: '{ ok }' }, { origin: ORIGIN });
    limited = false;
    expect([status, headers['retry-after'], headers['access-control-allow-origin']]).toEqual([429, '7', ORIGIN]);
  });

  test('whether the origin is one of ours is told to the handler', async () => {
    http.handled.length = 0;
    await post(http.port, {}, { origin: ORIGIN });
    await post(http.port, {}, { origin: 'https://evil.example' });
    await post(http.port, {});
    expect(http.handled.map(({ fromAllowedOrigin }) => fromAllowedOrigin)).toEqual([true, false, false]);
  });
});

describe('Sec-Fetch-Site', () => {
  let http: HttpApp;
  beforeAll(async () => {
    http = await startHttpApp({ CORS_ORIGINS: ORIGIN });
  });
  afterAll(() => http.stop());

  test.each([
    ['cross-site', true],
    ['same-site', false],
    ['same-origin', false],
    ['none', false],
    ['', false],
    ['CROSS-SITE', false],
    ['cross-site-ish', false],
  ])('%p is told to the handler: of another site is %p', async (site, isCrossSite) => {
    http.handled.length = 0;
    await post(http.port, {}, { origin: ORIGIN, 'sec-fetch-site': site });
    expect(http.handled.map((facts) => facts.isCrossSite)).toEqual([isCrossSite]);
  });

  test('is not there for apps, and the Origin is judged by itself', async () => {
    http.handled.length = 0;
    await post(http.port, {}, {});
    await post(http.port, {}, { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' });
    await post(http.port, {}, { origin: ORIGIN, 'sec-fetch-site': 'cross-site' });
    expect(http.handled.map(({ isCrossSite, fromAllowedOrigin }) => [isCrossSite, fromAllowedOrigin])).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ]);
  });
});

describe('the window of an address', () => {
  const hits: string[] = [];
  const hitAddress = async (key: string) => (hits.push(key) > 3 ? 9 : 0);
  let direct: HttpApp;
  let behindProxy: HttpApp;
  beforeAll(async () => {
    direct = await startHttpApp({}, { hitAddress });
    behindProxy = await startHttpApp({ TRUSTED_PROXIES: '127.0.0.0/8' }, { hitAddress });
  });
  afterAll(async () => {
    await direct.stop();
    await behindProxy.stop();
  });

  test('is 429 above it, before the body is read', async () => {
    hits.length = 0;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await post(direct.port, '{')).status);
    expect(statuses).toEqual([400, 400, 400, 429]);
    const { headers, errors } = await post(direct.port, '{');
    expect(headers['retry-after']).toBe('9');
    expect(errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 9 });
  });

  test('counts what is refused later too, and health never', async () => {
    hits.length = 0;
    await ask(direct.port, { path: '/elsewhere' });
    await ask(direct.port, { path: '/graphql' });
    await ask(direct.port, { path: '/schema.graphql' });
    expect(hits).toHaveLength(3);
    expect((await ask(direct.port, { path: '/health/live' })).status).toBe(200);
    expect((await ask(direct.port, { path: '/health/ready' })).status).toBe(200);
    expect(hits).toHaveLength(3);
  });

  test('counts no preflight: without it no page could read that it is refused', async () => {
    hits.length = 0;
    for (let count = 0; count < 5; count += 1) await ask(direct.port, { method: 'OPTIONS', path: '/graphql' });
    expect(hits).toEqual([]);
  });

  test.each([undefined, ORIGIN, 'https://evil.example'])(
    'refuses a page of %p with the headers of any other refusal',
    async (origin) => {
      let wait = 0;
      const http = await startHttpApp({ CORS_ORIGINS: ORIGIN }, { hitAddress: async () => wait });
      const headersOf = async () => {
        const { headers } = await post(http.port, '{', origin === undefined ? {} : { origin });
        const { 'x-request-id': id, 'content-length': length, date, 'retry-after': _, ...same } = headers;
        return { ...same, id: typeof id, length: typeof length, date: typeof date };
      };
      const other = await headersOf();
      wait = 5;
      expect(await headersOf()).toEqual(other);
      await http.stop();
    },
  );

  test('closes the connection of whom it refuses while the server stops', async () => {
    const asked = new EventEmitter();
    const hitAddress = async (): Promise<number> => {
      asked.emit('now');
      const [wait] = await once(asked, 'answer');
      return wait;
    };
    const http = await startHttpApp({}, { hitAddress });
    const answer = sendRaw(http.port, 'GET /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(asked, 'now');
    const stopped = http.stop();
    while (http.app.server.listening) await setImmediate();
    asked.emit('answer', 9);
    expect(await answer).toMatchObject({ status: 429, headers: { connection: 'close' } });
    await stopped;
  });

  test('counts the connection, whatever headers claim (v5.0.0-4.1.3, 15.3.4)', async () => {
    hits.length = 0;
    const claims = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip', 'cf-connecting-ip', 'x-client-ip'];
    for (const claim of claims) await ask(direct.port, { path: '/elsewhere', headers: { [claim]: '192.0.2.1' } });
    expect(new Set(hits)).toEqual(new Set(['127.0.0.1']));
  });

  test('counts behind a proxy what the proxy added, and not what the client wrote before it', async () => {
    hits.length = 0;
    const { port } = behindProxy;
    await ask(port, { path: '/x', headers: { 'x-forwarded-for': '203.0.113.9, 192.0.2.1' } });
    await ask(port, { path: '/x', headers: { 'x-forwarded-for': '198.51.100.7, 192.0.2.1' } });
    await ask(port, { path: '/x', headers: { 'x-real-ip': '192.0.2.9', forwarded: 'for=192.0.2.9' } });
    expect(hits).toEqual(['192.0.2.1', '192.0.2.1', '127.0.0.1']);
  });

  test('tells the handler the whole address, and the key of its network', async () => {
    hits.length = 0;
    await post(behindProxy.port, {}, { 'x-forwarded-for': '2001:db8:1:2:3:4:5:6', 'user-agent': 'Firefox' });
    expect(behindProxy.handled.at(-1)).toMatchObject({
      origin: { ip: '2001:db8:1:2:3:4:5:6', userAgent: 'Firefox' },
      clientKey: '2001:db8:1:2::/64',
    });
    await post(direct.port, {});
    expect(direct.handled.at(-1)?.origin).toEqual({ ip: '127.0.0.1', userAgent: null });
  });

  test('takes a request id from the proxy, and from nobody else', async () => {
    hits.length = 0;
    const id = '01931f7e-5a4b-7c3d-8e2f-0a1b2c3d4e5f';
    const headers = { 'x-request-id': id };
    expect((await ask(behindProxy.port, { path: '/x', headers })).headers['x-request-id']).toBe(id);
    expect((await ask(direct.port, { path: '/x', headers })).headers['x-request-id']).not.toBe(id);
    const odd = await ask(behindProxy.port, { path: '/x', headers: { 'x-request-id': 'anything' } });
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a window that fails is a failure inside, and nothing is carried out', async () => {
    const broken = await startHttpApp({}, { hitAddress: async () => Promise.reject(new Error('canary redis down')) });
    const { status, text } = await post(broken.port, {});
    expect([status, broken.handled]).toEqual([500, []]);
    expect(text).not.toContain('canary');
    expect(broken.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    await broken.stop();
  });
});
