import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { Server as TlsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../config.ts';
import type { Logger } from '../platform/logger.ts';
import { refusalBody, refusalOf } from './refusal.ts';
import type { HeaderTable } from './security-headers.ts';
import { followTls } from './tls-files.ts';

export interface NodeServerParts {
  readonly config: Pick<Config, 'http' | 'tls'>;
  /** Of every answer, also of those that Fastify never sees. */
  readonly headers: HeaderTable;
  readonly newRequestId: () => string;
  readonly logger: Logger;
}

const HEADERS_BYTES = 16_384;

/**
 * The server beneath Fastify: TLS from 1.2 on where a certificate is set, and time limits on all that a client may delay. Node
 * refuses some requests by itself; their answers carry the same headers and the same body as all others.
 */
export function makeNodeServer({ config, logger, ...parts }: NodeServerParts, listener: RequestListener): Server {
  const { requestSeconds, keepAliveSeconds, maxConnections } = config.http;
  const options: ServerOptions = {
    // These two are Node's own defaults, which NODE_OPTIONS shall not loosen.
    maxHeaderSize: HEADERS_BYTES,
    insecureHTTPParser: false,
    requestTimeout: requestSeconds * 1_000,
    headersTimeout: requestSeconds * 1_000,
    keepAliveTimeout: keepAliveSeconds * 1_000,
    // Node looks only so often for requests that are late; its own 30 s would double the limit.
    connectionsCheckingInterval: 1_000,
    // A missing Host is answered like a wrong one.
    requireHostHeader: false,
  };
  const server = config.tls
    ? followTls(
        config.tls,
        logger,
        (tls) => new SecureServer({ ...options, ...tls, handshakeTimeout: requestSeconds * 1_000 }, listener),
      )
    : createServer(options, listener);
  // A client that does not read its answer, either.
  server.setTimeout(2 * requestSeconds * 1_000);
  // Node drops headers beyond a thousand without a word, the proxy's X-Forwarded-For among them. Their bytes are bounded.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections;
  server.on('checkExpectation', (_, response) => refuseRaw(response, 417, parts.headers, parts.newRequestId()));
  return server;
}

/** Node's own knows no connection whose handshake is not over, and a server that stops would wait for it. */
class SecureServer extends TlsServer {
  readonly #sockets = new Set<Socket>();

  constructor(options: TlsServerOptions, listener: RequestListener) {
    super(options, listener);
    this.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Refuses by status what never became a request of Fastify's, and closes the connection after it. */
export function refuseRaw(response: ServerResponse, status: number, headers: HeaderTable, requestId: string): void {
  const body = refusalBody(refusalOf(status), requestId);
  response.writeHead(status, rawHeaders(headers, requestId, body));
  response.end(body);
}

const rawHeaders = (headers: HeaderTable, requestId: string, body: string): HeaderTable => ({
  ...headers,
  'cache-control': 'no-store',
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(Buffer.byteLength(body)),
  'x-request-id': requestId,
  connection: 'close',
});

const STATUS_OF_PARSER: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no HTTP, is too long or came too slowly, and ends the connection. */
export function answerClientError(code: string, socket: Socket, headers: HeaderTable, requestId: string): void {
  // What failed before TLS was there can be told nothing: the answer would wait for the handshake, and the connection with it.
  if (code === 'ECONNRESET' || /^ERR_(?:SSL|TLS)_/.test(code) || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(STATUS_OF_PARSER[code] ?? 400);
  const body = refusalBody(refusal, requestId);
  const lines = Object.entries(rawHeaders(headers, requestId, body)).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, ...lines, '', body].join('\r\n'), () =>
    socket.destroy(),
  );
}
