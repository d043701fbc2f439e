import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Environment, loadConfig } from '../../src/config.ts';
import { closeHttpApp, type HttpAppParts, makeHttpApp } from '../../src/http/app.ts';
import type { RequestFacts } from '../../src/http/request-facts.ts';
import type { LogFacts, Logger } from '../../src/platform/logger.ts';
import { ManualClock } from './clock.ts';
import { CountedRandom } from './counted-random.ts';

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly facts: LogFacts;
}

/** The HTTP side alone on a real port, with a GraphQL handler that answers what it was told. */
export interface HttpApp {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly clock: ManualClock;
  readonly log: readonly LogLine[];
  /** What the handler was given, request by request. */
  readonly handled: RequestFacts[];
  stop(): Promise<void>;
}

export async function startHttpApp(env: Environment = {}, parts: Partial<HttpAppParts> = {}): Promise<HttpApp> {
  const config = loadConfig({ PORT: '0', ...env }, { cores: 2, cwd: '/nowhere' });
  const clock = new ManualClock();
  const log: LogLine[] = [];
  const handled: RequestFacts[] = [];
  const write =
    (level: keyof Logger) =>
    (message: string, facts: LogFacts = {}) =>
      void log.push({ level, message, facts });
  const app = await makeHttpApp({
    config,
    clock,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    random: new CountedRandom(),
    hitAddress: async () => 0,
    handleGraphql: async (_request, reply, facts) => {
      handled.push(facts);
      reply.type('application/json; charset=utf-8');
      return '{"data":{"ok":true}}';
    },
    readinessChecks: [],
    readJwks: async () => ({ keys: [] }),
    sdl: 'type Query { ok: Boolean }',
    playgroundFolder: '/nowhere/playground',
    ...parts,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new TypeError('It does not listen');
  return { app, port: address.port, clock, log, handled, stop: () => closeHttpApp(app, 1_000) };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The code of the first error, undefined where the body has none. */
  readonly code: string | undefined;
  readonly errors: readonly { message: string; extensions: Record<string, unknown> }[];
}

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is; an object goes out as JSON. */
  readonly body?: string | Buffer | object;
}

/** Asks by Node's own client, which sets no header of its own but Host, Connection and Content-Length. */
export async function ask(port: number, { method = 'GET', path = '/', headers = {}, body }: Question): Promise<Answer> {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body);
  const length = sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) };
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...length, ...headers },
    agent: false,
  });
  request.end(sent);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return toAnswer(response.statusCode, response.headers, Buffer.concat(chunks).toString());
}

/** A POST to /graphql with a JSON body. */
export const post = (port: number, body: Question['body'], headers: OutgoingHttpHeaders = {}): Promise<Answer> =>
  ask(port, {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });

function toAnswer(status: number, headers: IncomingHttpHeaders, text: string): Answer {
  const errors: Answer['errors'] = /^{"errors":/.test(text) ? JSON.parse(text).errors : [];
  return { status, headers, text, errors, code: errors[0]?.extensions['code'] as string | undefined };
}

/** Sends bytes as they are and reads until the server closes. */
export async function sendRaw(port: number, text: string): Promise<Answer> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const [head = '', ...rest] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return toAnswer(Number(statusLine.split(' ')[1]), headers, rest.join('\r\n\r\n'));
}
