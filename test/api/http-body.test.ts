import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, type HttpApp, post, sendRaw, startHttpApp } from '../support/http-app.ts';

describe('a body of /graphql', () => {
  const bodies: unknown[] = [];
  let http: HttpApp;
  beforeAll(async () => {
    const handleGraphql = async (request: { body: unknown }) => {
      bodies.push(request.body);
      return '{"data":{}}';
    };
    http = await startHttpApp({ BODY_LIMIT_BYTES: '1000', REQUEST_SECONDS: '1' }, { handleGraphql });
  });
  afterAll(() => http.stop());

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"'])(
    'may be %s',
    async (type) => {
      bodies.length = 0;
      expect((await post(http.port, { query: '{ ä }' }, { 'content-type': type })).status).toBe(200);
      expect(bodies).toEqual([{ query: '{ ä }' }]);
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/json; charset=latin1',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/jsonx',
    '',
  ])('is 415 as %j, and nothing is carried out (v5.0.0-3.5.2)', async (type) => {
    bodies.length = 0;
    const { status, code } = await post(http.port, '{"query":"mutation { x }"}', { 'content-type': type });
    expect([status, code, bodies]).toEqual([415, 'BAD_USER_INPUT', []]);
  });

  test('is 415 without a type, with a body or without', async () => {
    expect((await ask(http.port, { method: 'POST', path: '/graphql', body: '{}' })).status).toBe(415);
    expect((await ask(http.port, { method: 'POST', path: '/graphql' })).status).toBe(415);
  });

  test.each([
    ['{"password":"canary', 'cut off'],
    ['', 'empty'],
    ['{"a":1}{"b":2}', 'two'],
    ['{"__proto__":{"canary":1}}', 'a prototype'],
    ['{"constructor":{"prototype":{"canary":1}}}', 'a constructor'],
    ["{'password':'canary'}", 'in single quotes'],
  ])('%s (%s) is 400 and repeats nothing', async (body) => {
    bodies.length = 0;
    const { status, code, text } = await post(http.port, body);
    expect([status, code, bodies]).toEqual([400, 'BAD_USER_INPUT', []]);
    expect(text).not.toMatch(/canary|password|position/);
  });

  test('that is no UTF-8 is 400: a loose reading would make different passwords the same', async () => {
    bodies.length = 0;
    const bytes = Buffer.concat([Buffer.from('{"query":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')]);
    expect((await post(http.port, bytes)).status).toBe(400);
    expect(bodies).toEqual([]);
  });

  test.each(['[]', '[{"query":"{ ok }"}]', 'null', '1', '"text"', 'true'])('%s is no operation', async (body) => {
    bodies.length = 0;
    const { status, code } = await post(http.port, body);
    expect([status, code, bodies]).toEqual([400, 'BAD_USER_INPUT', []]);
  });

  test('is taken up to the limit, and a byte more is 413', async () => {
    const bodyOf = (bytes: number) => `{"query":"${'x'.repeat(bytes - 12)}"}`;
    expect((await post(http.port, bodyOf(1_000))).status).toBe(200);
    expect(await post(http.port, bodyOf(1_001))).toMatchObject({ status: 413, code: 'BAD_USER_INPUT' });
  });

  test('refused is told in words of ours, not of a parser', async () => {
    const texts = [await post(http.port, 'x'.repeat(1_001)), await post(http.port, '{'), await post(http.port, '')];
    expect(texts.map(({ errors }) => errors[0]?.message)).toEqual([
      'The request body is too large.',
      'The request is malformed.',
      'The request is malformed.',
    ]);
  });

  test('is not read where nothing would take it', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await ask(http.port, { method: 'POST', path: '/elsewhere', headers, body: '{' })).status).toBe(404);
    expect((await ask(http.port, { method: 'PUT', path: '/graphql', headers, body: '{' })).status).toBe(405);
    expect((await ask(http.port, { method: 'PUT', path: '/graphql', body: 'x'.repeat(1_001) })).status).toBe(405);
  });

  test('in chunks is cut at the limit, too', async () => {
    const chunk = `200\r\n${'x'.repeat(0x200)}\r\n`;
    const head =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect((await sendRaw(http.port, head + chunk.repeat(3))).status).toBe(413);
  });

  test('that does not come is cut after the time limit', async () => {
    const started = performance.now();
    const answer = await sendRaw(
      http.port,
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    expect(answer).toMatchObject({ status: 408, code: 'BAD_USER_INPUT' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('so are headers that do not end', async () => {
    const started = performance.now();
    // By default it is after thirty.
    expect((await sendRaw(http.port, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')).status).toBe(408);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('an operation in the query string is not carried out (v5.0.0-14.2.1)', async () => {
    bodies.length = 0;
    const { status, headers } = await ask(http.port, {
      path: '/graphql?query={me{email}}',
      headers: { accept: 'text/html' },
    });
    expect([status, headers.allow, bodies]).toEqual([405, 'POST, OPTIONS', []]);
  });

  test('a client that goes away in the middle leaves no error in the log', async () => {
    const socket = connect(http.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    socket.destroy();
    await once(socket, 'close');
    await ask(http.port, { path: '/health/live' });
    expect(http.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});

describe('the log of answers', () => {
  test('has the path of the route, never the query or what was typed', async () => {
    const http = await startHttpApp();
    await ask(http.port, { path: '/graphql?token=canary' });
    await ask(http.port, { path: '/verify-email/canary?canary' });
    await ask(http.port, { path: '/schema.graphql?canary' });
    await http.stop();
    expect(http.log.map(({ facts }) => [facts['path'], facts['status']])).toEqual([
      ['other', 405],
      ['other', 404],
      ['/schema.graphql', 200],
    ]);
    expect(JSON.stringify(http.log)).not.toContain('canary');
  });
});
