import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { errorFacts, type Logger } from '../platform/logger.ts';
import type { ClientAddress } from './client-address.ts';
import { CORS_HEADERS } from './gatekeeping.ts';
import { isHealthPath } from './health.ts';
import { Refusal, refusalBody, toRefusal } from './refusal.ts';
import type { HeaderTable } from './security-headers.ts';

/** Counts a client's request and answers how many whole seconds it must wait; 0 within the window. */
export type HitAddress = (clientKey: string) => Promise<number>;

export interface AddressWindowParts {
  readonly hitAddress: HitAddress;
  readonly readClient: (request: IncomingMessage) => ClientAddress;
  readonly requestId: (request: IncomingMessage) => string;
  /** Of every answer. */
  readonly headers: HeaderTable;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly logger: Logger;
  /** The server takes connections. While it stops, each closes after the answer under way. */
  readonly isListening: () => boolean;
}

/**
 * The window of an address, before anything else is done for a request and before a byte of its body is read: whoever floods the
 * server is answered without a framework, for half of what that takes. `listener` gets what is within the window, and what
 * is not counted: health, and preflights, without which a page could not read that it is refused.
 */
export function limitAddresses(listener: RequestListener, parts: AddressWindowParts): RequestListener {
  const { hitAddress, readClient, logger } = parts;
  // Here nothing stands around the listener: what is thrown must become a refusal, or one request ends the process.
  const hit = async (request: IncomingMessage) => hitAddress(readClient(request).key);
  const refuse = makeRefuse(parts);
  return (request, response) => {
    if (request.method === 'OPTIONS' || isHealthPath(request.url)) {
      listener(request, response);
      return;
    }
    hit(request).then(
      (retryAfter) => {
        if (retryAfter === 0) listener(request, response);
        else refuse(request, response, tooMany(retryAfter));
      },
      (error: unknown) => {
        const requestId = refuse(request, response, toRefusal(error));
        logger.error('a request failed', { requestId, ...errorFacts(error) });
      },
    );
  };
}

const tooMany = (retryAfter: number): Refusal =>
  new Refusal(429, 'RATE_LIMITED', 'Too many requests from this address.', {}, retryAfter);

/** Answers with the same headers and body as any other refusal, and gives the id of the request. */
function makeRefuse({ headers, requestId, allowedOrigins, logger, isListening }: AddressWindowParts) {
  const ofAll = { ...headers, ...CORS_HEADERS, 'cache-control': 'no-store' };
  // Worked out once: Node would make this list of a table for each answer.
  const fixed = Object.entries({ ...ofAll, 'content-type': 'application/json; charset=utf-8' }).flat();

  return (request: IncomingMessage, response: ServerResponse, refusal: Refusal): string => {
    const id = requestId(request);
    const body = refusalBody(refusal, id);
    const list = [...fixed, 'x-request-id', id, 'content-length', String(Buffer.byteLength(body))];
    if (refusal.retryAfter !== undefined) list.push('retry-after', String(refusal.retryAfter));
    const { origin } = request.headers;
    if (origin !== undefined && allowedOrigins.has(origin)) list.push('access-control-allow-origin', origin);
    if (!isListening()) response.shouldKeepAlive = false;
    response.writeHead(refusal.status, list);
    response.end(body);
    logger.debug('answered', { requestId: id, method: request.method, path: 'any', status: refusal.status, ms: 0 });
    return id;
  };
}
