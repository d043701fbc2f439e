import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, get, Server } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { closeHttpApp } from '../../src/http/app.ts';
import { followTls } from '../../src/http/tls-files.ts';
import { until } from '../support/account-acts.ts';
import { type HttpApp, startHttpApp } from '../support/http-app.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

const fileOf = (name: string) => new URL(`../support/tls/${name}`, import.meta.url).pathname;
const textOf = (name: string) => readFileSync(fileOf(name), 'utf8');

interface Pair {
  readonly cert: string;
  readonly key: string;
}
const FIRST: Pair = { cert: textOf('localhost.cert.pem'), key: textOf('localhost.key.pem') };
const SECOND: Pair = SELF_SIGNED;
const RSA: Pair = { cert: textOf('rsa.cert.pem'), key: textOf('rsa.key.pem') };
const ALL = [FIRST.cert, SECOND.cert, RSA.cert];

async function handshake({ port }: { readonly port: number }, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: ALL, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Which of the three a new connection is shown. */
async function shown(http: { readonly port: number }): Promise<string | undefined> {
  const socket = await handshake(http);
  const raw = socket.getPeerCertificate().raw.toString('base64');
  socket.destroy();
  return ALL.find((cert) => cert.replaceAll('\n', '').includes(raw));
}

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('TLS (v5.0.0-12.1.1, 12.1.2)', () => {
  let http: HttpApp;
  beforeAll(async () => {
    http = await startHttpApp({
      // An RSA certificate can be used in every way that is to be refused.
      TLS_CERT_FILE: fileOf('rsa.cert.pem'),
      TLS_KEY_FILE: fileOf('rsa.key.pem'),
      REQUEST_SECONDS: '1',
    });
  });
  afterAll(() => http.stop());

  test('is served with the certificate, in the newest version, with HSTS', async () => {
    const agent = new Agent({ ca: ALL });
    const [response] = await once(get({ host: '127.0.0.1', port: http.port, path: '/health/live', agent }), 'response');
    expect(response.statusCode).toBe(200);
    expect(response.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    expect(response.socket.getProtocol()).toBe('TLSv1.3');
    response.resume();
    agent.destroy();
  });

  test('is taken in 1.2, and not before', async () => {
    const socket = await handshake(http, { maxVersion: 'TLSv1.2' });
    expect(socket.getProtocol()).toBe('TLSv1.2');
    socket.destroy();
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const old = handshake(http, { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
      await expect(old).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/) });
    }
  });

  test.each(['ECDHE-RSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384', 'AES128-GCM-SHA256', 'AES256-SHA256', 'AES256-SHA'])(
    'is not taken with %s: without forward secrecy, or without authenticated encryption',
    async (ciphers) => {
      const weak = handshake(http, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
      await expect(weak).rejects.toMatchObject({ code: expect.stringMatching(/HANDSHAKE_FAILURE/) });
    },
  );

  test('is taken with X25519 and P-256, and not with a curve that nobody asked for', async () => {
    for (const ecdhCurve of ['X25519', 'P-256']) (await handshake(http, { ecdhCurve })).destroy();
    await expect(handshake(http, { ecdhCurve: 'secp256k1' })).rejects.toThrow();
  });

  test('is the only thing spoken on the port: HTTP in clear is answered nothing (v5.0.0-12.2.1)', async () => {
    const socket = connectTcp(http.port, '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk.toString('latin1');
    expect(text).not.toContain('HTTP/');
  });

  test('must begin in the time that a request has: a connection that never does is closed', async () => {
    const started = performance.now();
    const socket = connectTcp(http.port, '127.0.0.1');
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    socket.resume();
    await once(socket, 'close');
    expect(performance.now() - started).toBeGreaterThan(900);
    // By default it is after thirty seconds.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

test('a server looks at its files by itself, as often as TLS_RELOAD_SECONDS says', async () => {
  const [certFile, keyFile] = [join(folder, 'whole.crt'), join(folder, 'whole.key')];
  writeFileSync(certFile, FIRST.cert);
  writeFileSync(keyFile, FIRST.key);
  const http = await startHttpApp({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_RELOAD_SECONDS: '1' });
  writeFileSync(certFile, SECOND.cert);
  writeFileSync(keyFile, SECOND.key);
  await until('the new one is shown', async () => (await shown(http)) === SECOND.cert);
  expect(http.log.filter(({ level }) => level === 'info')).toHaveLength(1);
  await http.stop();
});

test('a server that stops waits for no handshake longer than for an answer', async () => {
  const http = await startHttpApp({
    TLS_CERT_FILE: fileOf('localhost.cert.pem'),
    TLS_KEY_FILE: fileOf('localhost.key.pem'),
  });
  const accepted = once(http.app.server, 'connection');
  const socket = connectTcp(http.port, '127.0.0.1');
  socket.resume().write(Buffer.from([0x16, 0x03, 0x01]));
  await accepted;
  const started = performance.now();
  await closeHttpApp(http.app, 200);
  // A handshake has thirty seconds.
  expect(performance.now() - started).toBeLessThan(20_000);
});

describe('the TLS files at start', () => {
  const BAD: Readonly<Record<string, readonly [cert: string | undefined, key: string | undefined, told: string]>> = {
    'no certificate': [undefined, FIRST.key, 'TLS_CERT_FILE cannot be read'],
    'no key': [FIRST.cert, undefined, 'TLS_KEY_FILE cannot be read'],
    'no PEM': ['canary', FIRST.key, 'TLS_CERT_FILE is no chain of certificates in PEM'],
    'a key for a certificate': [FIRST.key, FIRST.key, 'TLS_CERT_FILE is no chain of certificates in PEM'],
    'a chain cut off': [
      `${FIRST.cert}${RSA.cert.slice(0, 300)}`,
      FIRST.key,
      'TLS_CERT_FILE is no chain of certificates in PEM',
    ],
    'a key cut off': [
      FIRST.cert,
      FIRST.key.slice(0, 100),
      'TLS_KEY_FILE is no private key in PEM without a passphrase',
    ],
    "another certificate's key": [FIRST.cert, SECOND.key, 'TLS_KEY_FILE is not the key of TLS_CERT_FILE'],
    'a key of another kind': [FIRST.cert, RSA.key, 'TLS_KEY_FILE is not the key of TLS_CERT_FILE'],
  };

  test.each(Object.entries(BAD))('with %s stop it, and the setting is named', async (name, [cert, key, told]) => {
    const at = join(folder, name.replaceAll(' ', '-'));
    mkdirSync(at);
    if (cert !== undefined) writeFileSync(join(at, 'cert'), cert);
    if (key !== undefined) writeFileSync(join(at, 'key'), key);
    const start = startHttpApp({ TLS_CERT_FILE: join(at, 'cert'), TLS_KEY_FILE: join(at, 'key') });
    await expect(start).rejects.toThrow(new Error(told));
  });

  test('may hold a chain', async () => {
    writeFileSync(join(folder, 'chain'), `Subject: leaf\n${FIRST.cert}\n${RSA.cert}`);
    const http = await startHttpApp({
      TLS_CERT_FILE: join(folder, 'chain'),
      TLS_KEY_FILE: fileOf('localhost.key.pem'),
    });
    expect(await shown(http)).toBe(FIRST.cert);
    await http.stop();
  });
});

describe('TLS files that change', () => {
  let server: Server;
  let http: { readonly port: number };
  let at: string;
  let count = 0;
  const log = recordingLogger();
  const lines = () => log.lines.map(({ message }) => message);
  const factsOf = (wanted: string) => log.lines.find(({ message }) => message === wanted)?.facts;
  const NEW = 'a new TLS certificate is served';
  const KEPT = 'the TLS files changed and cannot be served: the old certificate stays';
  let look: () => Promise<unknown>;
  /** What holds still is taken, or refused, at the second look. */
  const lookTwice = async () => {
    await look();
    await look();
  };

  function begin(): void {
    count += 1;
    at = join(folder, `served-${count}`);
    mkdirSync(at);
  }
  const write = ({ cert, key }: Partial<Pair>, where = at): void => {
    if (cert !== undefined) writeFileSync(join(where, 'tls.crt'), cert);
    if (key !== undefined) writeFileSync(join(where, 'tls.key'), key);
  };
  const serve = async () => {
    log.lines.length = 0;
    const files = { certFile: join(at, 'tls.crt'), keyFile: join(at, 'tls.key'), reloadSeconds: 1 };
    const makeServer = (tls: object) => new Server(tls, (_, response) => response.end('ok'));
    server = followTls(files, log, makeServer, ({ step }) => {
      look = step;
      return { wake: () => undefined, stop: async () => undefined };
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('It does not listen');
    http = address;
  };
  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  test('are shown to new connections, while those that stand live on', async () => {
    begin();
    write(FIRST);
    await serve();
    const standing = await handshake(http);
    write(SECOND);
    await lookTwice();
    expect(await shown(http)).toBe(SECOND.cert);
    standing.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = await once(standing, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200/);
    standing.destroy();
    expect(lines()).toEqual([NEW]);
    expect(factsOf(NEW)).toEqual({
      validTo: expect.stringContaining('2126'),
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    const weak = handshake(http, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' });
    await expect(weak).rejects.toMatchObject({ code: expect.stringMatching(/HANDSHAKE_FAILURE/) });
  });

  test('by a swap of the link to their folder, as Kubernetes does it', async () => {
    begin();
    for (const [name, pair] of [['..1', FIRST] as const, ['..2', RSA] as const]) {
      mkdirSync(join(at, name));
      write(pair, join(at, name));
    }
    symlinkSync('..1', join(at, '..data'));
    symlinkSync('..data/tls.crt', join(at, 'tls.crt'));
    symlinkSync('..data/tls.key', join(at, 'tls.key'));
    await serve();
    expect(await shown(http)).toBe(FIRST.cert);
    symlinkSync('..2', join(at, '..data_tmp'));
    renameSync(join(at, '..data_tmp'), join(at, '..data'));
    rmSync(join(at, '..1'), { recursive: true });
    await lookTwice();
    expect(await shown(http)).toBe(RSA.cert);
    expect(lines()).toEqual([NEW]);
  });

  test.each([
    ["another certificate's", SECOND],
    ["one of another kind of key, which OpenSSL takes without a word, a certificate's", RSA],
  ])('one after the other keep the old pair until both are there: %s', async (_, next) => {
    begin();
    write(FIRST);
    await serve();
    write({ cert: next.cert });
    await lookTwice();
    await lookTwice();
    expect([lines(), await shown(http)]).toEqual([[KEPT], FIRST.cert]);
    expect(factsOf(KEPT)).toEqual({
      why: 'TLS_KEY_FILE is not the key of TLS_CERT_FILE',
    });
    write({ key: next.key });
    await lookTwice();
    expect(await shown(http)).toBe(next.cert);
    expect(lines()).toEqual([KEPT, NEW]);
  });

  test('half written, or gone, keep the old pair, and each says so once', async () => {
    begin();
    write(FIRST);
    await serve();
    write({ ...SECOND, cert: SECOND.cert.slice(0, 200) });
    await lookTwice();
    expect(lines()).toEqual([KEPT]);
    rmSync(join(at, 'tls.crt'));
    await lookTwice();
    await lookTwice();
    expect([lines(), await shown(http)]).toEqual([[KEPT, KEPT], FIRST.cert]);
    expect(JSON.stringify(log.lines)).not.toContain(SECOND.key.slice(40, 80));
  });

  test('that are back as they were are no news, and wrong ones after that are told again', async () => {
    begin();
    write(FIRST);
    await serve();
    write({ key: SECOND.key });
    await lookTwice();
    write(FIRST);
    await lookTwice();
    expect(lines()).toEqual([KEPT]);
    write({ key: SECOND.key });
    await lookTwice();
    expect([lines(), await shown(http)]).toEqual([[KEPT, KEPT], FIRST.cert]);
  });

  test('that are still being written are waited for: a chain may be whole up to here', async () => {
    begin();
    write(FIRST);
    await serve();
    write({ key: SECOND.key });
    for (let part = 0; part < 8; part += 1) {
      write({ cert: `${SECOND.cert}${'#'.repeat(part)}\n` });
      await look();
      expect(await shown(http)).toBe(FIRST.cert);
    }
    await look();
    expect(await shown(http)).toBe(SECOND.cert);
    expect(lines()).toEqual([NEW]);
  });
});
