import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, type HttpApp, post, startHttpApp } from '../support/http-app.ts';

const EVERY = 'gzip, deflate, br, zstd, *';
const folder = mkdtempSync(join(tmpdir(), 'compressed-'));
const SCRIPT = `export const text = '${'a'.repeat(5_000)}';`;
const SDL = `type Query {\n${'  "What it says."\n  ok: Boolean\n'.repeat(100)}}`;

let http: HttpApp;
beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'main.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'main.js.br'), brotliCompressSync(SCRIPT));
  const handleGraphql = async () => JSON.stringify({ data: { text: 'a'.repeat(50_000) } });
  const readJwks = async () => ({ keys: Array.from({ length: 50 }, () => ({ kty: 'OKP' })) });
  http = await startHttpApp({}, { playgroundFolder: folder, sdl: SDL, handleGraphql, readJwks });
});
afterAll(async () => {
  await http.stop();
  rmSync(folder, { recursive: true });
});

/** The body as bytes, which the other clients of these tests read as text. */
async function fetchBytes(path: string, encodings: string | undefined) {
  const headers = encodings === undefined ? {} : { 'accept-encoding': encodings };
  const request = httpRequest({ host: '127.0.0.1', port: http.port, path, headers, agent: false }).end();
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { headers: response.headers as IncomingHttpHeaders, body: Buffer.concat(chunks) };
}

describe('what is the same for everybody', () => {
  const PATHS: readonly (readonly [path: string, text: string, type: RegExp])[] = [
    ['/assets/main.js', SCRIPT, /javascript/],
    ['/schema.graphql', SDL, /^text\/plain; charset=utf-8$/],
  ];

  test.each(PATHS)('%s is compressed for clients that take it', async (path, text, type) => {
    for (const encodings of ['br', EVERY, 'gzip;q=0.5, br;q=0.9']) {
      const { headers, body } = await fetchBytes(path, encodings);
      expect(headers).toMatchObject({ 'content-encoding': 'br', 'content-type': expect.stringMatching(type) });
      expect(headers['content-length']).toBe(String(body.length));
      expect(brotliDecompressSync(body).toString()).toBe(text);
      expect(body.length).toBeLessThan(text.length / 10);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    }
  });

  test.each(PATHS)('%s is plain for all others', async (path, text, _type) => {
    for (const encodings of [undefined, '', 'gzip', 'identity', 'br;q=0', 'identity, br;q=0', 'nonsense']) {
      const { headers, body } = await fetchBytes(path, encodings);
      expect(headers).not.toHaveProperty('content-encoding');
      expect(body.toString()).toBe(text);
    }
  });

  test.each(PATHS.map(([path]) => path))('%s says to caches what it goes by', async (path) => {
    for (const encodings of [undefined, 'br']) {
      expect((await fetchBytes(path, encodings)).headers.vary).toBe('Origin, Accept-Encoding');
    }
  });

  test('is not found under the name of its compressed twin', async () => {
    expect((await ask(http.port, { path: '/assets/main.js.br' })).status).toBe(404);
  });

  test('is plain where there is no twin', async () => {
    const { headers, body } = await fetchBytes('/', 'br');
    expect([headers['content-encoding'], body.toString()]).toEqual([undefined, '<!doctype html>']);
  });
});

describe('what may hold a secret, or a text that a request brought (BREACH)', () => {
  const headers = { 'accept-encoding': EVERY };

  test('is never compressed, however long: answers of GraphQL', async () => {
    const answer = await post(http.port, { query: '{ text }' }, headers);
    expect([answer.status, answer.text.length > 50_000]).toEqual([200, true]);
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.headers['content-length']).toBe(String(answer.text.length));
  });

  test.each(['/.well-known/jwks.json', '/health/live', '/health/ready', '/elsewhere', '/graphql'])(
    'nor is %s',
    async (path) => {
      expect((await ask(http.port, { path, headers })).headers).not.toHaveProperty('content-encoding');
    },
  );
});

describe('a compressed request', () => {
  test.each(['gzip', 'br', 'deflate', 'identity, gzip'])('(%s) is not opened: a bomb stays one', async (encoding) => {
    const body = gzipSync('{"query":"{ ok }"}');
    expect((await post(http.port, body, { 'content-encoding': encoding })).status).toBe(400);
  });
});
