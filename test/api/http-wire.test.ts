import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type HttpApp, sendRaw, startHttpApp } from '../support/http-app.ts';

const hits: string[] = [];
let http: HttpApp;
beforeAll(async () => {
  const hitAddress = async (key: string) => {
    hits.push(key);
    return 0;
  };
  http = await startHttpApp({ REQUEST_SECONDS: '1', TRUSTED_PROXIES: '127.0.0.1' }, { hitAddress });
});
afterAll(() => http.stop());
beforeEach(() => {
  http.handled.length = 0;
  hits.length = 0;
});

const HEAD = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const WHOLE = `${HEAD}Content-Length: 2\r\n\r\n{}`;
const LAST = `${HEAD}Connection: close\r\nContent-Length: 2\r\n\r\n{}`;
/** What an attacker hides behind a body whose end two servers see in two places. */
const HIDDEN = `${HEAD}Content-Length: 2\r\nConnection: close\r\nAuthorization: Bearer smuggled\r\n\r\n{}`;

/** Much more than the second that a request has here, and less than the 30 that it has by default. */
const LATEST_MS = 20_000;

/** Every status line that came until the server closed, which it must have done by then. */
async function statusesOf(socket: Socket): Promise<readonly number[]> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const late = () => socket.destroy(new Error('The server did not close the connection'));
  const limit = setTimeout(late, LATEST_MS);
  await new Promise((closed) => socket.once('close', closed));
  clearTimeout(limit);
  expect(socket.errored?.message).not.toBe('The server did not close the connection');
  return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}
const open = async (): Promise<Socket> => {
  const socket = connect(http.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};
async function statusesFor(text: string): Promise<readonly number[]> {
  const socket = await open();
  socket.write(text, 'latin1');
  return statusesOf(socket);
}

describe('a request whose end could be read in two ways (v5.0.0-4.2.1)', () => {
  const chunked = `0\r\n\r\n${HIDDEN}`;
  const AMBIGUOUS: Readonly<Record<string, string>> = {
    'a length and chunks': `${HEAD}Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    'chunks and a length': `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
    'two lengths': `${HEAD}Content-Length: 2\r\nContent-Length: ${2 + HIDDEN.length}\r\n\r\n{}${HIDDEN}`,
    'two lengths that agree': `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a list of lengths': `${HEAD}Content-Length: 2, 2\r\n\r\n{}${HIDDEN}`,
    'a length with a sign': `${HEAD}Content-Length: +2\r\n\r\n{}${HIDDEN}`,
    'a negative length': `${HEAD}Content-Length: -2\r\n\r\n{}${HIDDEN}`,
    'a length in hexadecimal': `${HEAD}Content-Length: 0x2\r\n\r\n{}${HIDDEN}`,
    'a length without end': `${HEAD}Content-Length: 99999999999999999999\r\n\r\n{}${HIDDEN}`,
    'a coding that is not chunks': `${HEAD}Transfer-Encoding: identity\r\n\r\n{}${HIDDEN}`,
    'chunks that are not last': `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
    'a tab before chunks': `${HEAD}Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
    'a space before the colon': `${HEAD}Content-Length : 2\r\n\r\n{}${HIDDEN}`,
    'a folded header': `${HEAD}X: a\r\n Content-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a bare line feed': `${HEAD.replace('localhost\r\n', 'localhost\n')}Content-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a bare carriage return': `${HEAD}X: a\rContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a size of a chunk that is none': `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n${HIDDEN}`,
    'a chunk longer than its size': `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n${HIDDEN}`,
    'a null byte in a name': `${HEAD}X\0: a\r\nContent-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a null byte in a value': `${HEAD}X: a\0b\r\nContent-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a header without a name': `${HEAD}: a\r\nContent-Length: 2\r\n\r\n{}${HIDDEN}`,
    'a version that is none': `${HEAD.replace('1.1', '9.9')}Content-Length: 2\r\n\r\n{}${HIDDEN}`,
  };

  test.each(Object.entries(AMBIGUOUS))(
    '%s: one 400, and the connection is closed with all behind it',
    async (_, text) => {
      const socket = await open();
      socket.write(text, 'latin1');
      expect(await statusesOf(socket)).toEqual([400]);
      expect(http.handled.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    },
  );

  test('is not one whose chunks end where they say: the twin of the above', async () => {
    const text = `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n${HIDDEN}`;
    expect(await statusesFor(text)).toEqual([200, 200]);
    expect(http.handled.map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer smuggled']);
  });

  test('is not the body of one that was refused: it is passed over as a body', async () => {
    const body = HIDDEN;
    const refused = `PUT /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(await statusesFor(`${refused}${LAST}`)).toEqual([405, 200]);
    expect(http.handled.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe('requests on one connection', () => {
  test('sent at once are answered one by one, in their order', async () => {
    const gone = 'GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(await statusesFor(`${WHOLE}${gone}${WHOLE}${gone}${LAST}`)).toEqual([200, 404, 200, 404, 200]);
  });

  test('count each by itself in the window of their address', async () => {
    expect(await statusesFor(WHOLE.repeat(49) + LAST)).toHaveLength(50);
    expect(hits).toHaveLength(50);
  });

  test('keep nothing of each other: neither client, nor token, nor cookie', async () => {
    const first = WHOLE.replace(
      '\r\n\r\n',
      '\r\nAuthorization: Bearer a\r\nCookie: x=1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n',
    );
    await statusesFor(`${first}${LAST}`);
    expect(http.handled.map(({ authorization, clientKey }) => [authorization, clientKey])).toEqual([
      ['Bearer a', '192.0.2.1'],
      [undefined, '127.0.0.1'],
    ]);
  });
});

describe('what a proxy added', () => {
  const withHeaders = (headers: string) =>
    sendRaw(http.port, `${HEAD}Connection: close\r\n${headers}Content-Length: 2\r\n\r\n{}`);

  test('is found behind as many headers as fit: Node left out what came after the thousandth', async () => {
    const many = 'a:\r\n'.repeat(3_000);
    expect((await withHeaders(`${many}X-Forwarded-For: 192.0.2.7\r\n`)).status).toBe(200);
    expect(hits).toEqual(['192.0.2.7']);
  });

  test('is found in a header of its own beside the one that the client wrote', async () => {
    await withHeaders('X-Forwarded-For: 203.0.113.5, 203.0.113.6\r\nX-Forwarded-For: 192.0.2.7\r\n');
    expect(hits).toEqual(['192.0.2.7']);
  });

  test.each([
    '192.0.2.7\0',
    '192.0.2.7, ',
    ', , ,',
    '999.1.1.1',
    '::ffff:999.1.1.1',
    '[::1',
    'localhost',
    '-',
    '"192.0.2.7"',
    'for=192.0.2.7',
    `${'1'.repeat(9_000)}.1.1.1`,
  ])('is nobody else where it is garbage: %j', async (text) => {
    const { status } = await withHeaders(`X-Forwarded-For: ${text}\r\n`);
    if (status === 400) expect(hits).toEqual([]);
    else expect([status, hits]).toEqual([200, ['127.0.0.1']]);
  });
});

describe('what no client should send', () => {
  test.each([
    ['CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 'CONNECT'],
    ['TRACE /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: canary\r\n\r\n', 'TRACE'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP/2 without TLS'],
    [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'a URL over all bounds'],
    [`GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 'a long URL'],
    ['GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', 'a null byte in the URL'],
    ['GET /graphql%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'an encoded null byte'],
    ['GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'a path like a host'],
    [
      'GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'a user in the target',
    ],
    ['GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'a target on another host'],
    ['GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'two hosts'],
    ['GET / HTTP/1.1\r\nHost: localhost, evil.example\r\nConnection: close\r\n\r\n', 'a list of hosts'],
    ['GET / HTTP/0.9\r\n\r\n', 'HTTP/0.9'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'a TLS handshake'],
  ])('%#: %s is refused or closed, and never carried out', async (text, _name) => {
    const statuses = await statusesFor(text);
    for (const status of statuses) expect(status).toBeGreaterThanOrEqual(400);
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(http.handled).toEqual([]);
  });

  test('makes the server no worse for the next one', async () => {
    expect(await statusesFor(LAST)).toEqual([200]);
    expect(http.log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});

describe('Expect: 100-continue', () => {
  test('is answered with 100, then with the answer', async () => {
    const socket = await open();
    const statuses = statusesOf(socket);
    socket.write(`${HEAD}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n`);
    await once(socket, 'data');
    expect(http.handled).toEqual([]);
    socket.write('{}');
    expect(await statuses).toEqual([100, 200]);
  });
});

describe('a client that is slow (v5.0.0-13.1.1)', () => {
  /** Sends a byte now and then, for as long as it may. Answers what came. */
  async function drip(begin: string, byte: string) {
    const socket = await open();
    socket.write(begin);
    const drops = setInterval(() => socket.write(byte), 100);
    const statuses = await statusesOf(socket);
    clearInterval(drops);
    return statuses;
  }

  test.each([
    ['with its headers', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', 'a'],
    ['with ever more headers', 'GET / HTTP/1.1\r\nHost: localhost\r\n', 'a:\r\n'],
    ['with its body', `${HEAD}Content-Length: 5000\r\n\r\n`, ' '],
    ['with its chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
    ['with its request line', 'G', 'E'],
  ])('%s is cut after the time that a request has, however steadily it sends', async (_, begin, byte) => {
    const statuses = await drip(begin, byte);
    expect(statuses.every((status) => status === 408 || status === 400)).toBe(true);
    expect(http.handled).toEqual([]);
  });

  test('with a first byte that never comes is cut, too', async () => {
    const statuses = await statusesOf(await open());
    expect(statuses.every((status) => status === 408)).toBe(true);
  });

  test('with a body that nobody reads is cut, too', async () => {
    const statuses = await drip('PUT /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n', ' ');
    expect(statuses[0]).toBe(405);
  });
});

describe('connections', () => {
  test('that are idle are closed after KEEP_ALIVE_SECONDS', async () => {
    const quick = await startHttpApp({ KEEP_ALIVE_SECONDS: '1' });
    const socket = connect(quick.port, '127.0.0.1');
    socket.resume().write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    // By default they are after 65 seconds.
    expect(await statusesOf(socket)).toEqual([]);
    await quick.stop();
  });

  test('over MAX_CONNECTIONS are closed unheard, and those within it go on', async () => {
    const few = await startHttpApp({ MAX_CONNECTIONS: '10' });
    const sockets: Socket[] = [];
    for (let count = 0; count < 10; count += 1) {
      const socket = connect(few.port, '127.0.0.1');
      await once(socket, 'connect');
      sockets.push(socket);
    }
    const onceMore = connect(few.port, '127.0.0.1');
    onceMore.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await statusesOf(onceMore)).toEqual([]);
    const [first] = sockets;
    first?.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(first && (await statusesOf(first))).toEqual([200]);
    for (const socket of sockets) socket.destroy();
    await few.stop();
  });
});
