import type { IncomingMessage } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import cors from '@fastify/cors';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { hostOf, makeHostCheck } from './host-check.ts';
import { Refusal, refusalOf } from './refusal.ts';
import type { HeaderTable } from './security-headers.ts';

/** Headers of which a second one would leave it open which is meant; proxies and this server might choose differently. */
const ONCE_ONLY: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type', 'origin', 'x-request-id']);

function isAmbiguous({ rawHeaders }: IncomingMessage): boolean {
  const seen = new Set<string>();
  // Names stand at even places, each before its value.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    if (!ONCE_ONLY.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** 400 for ambiguous requests, 421 for those that are meant for somebody else. */
export function refuseMisdirected(app: FastifyInstance, config: Config): void {
  const isOurs = makeHostCheck(config);
  app.addHook('onRequest', (request, _reply, done) => {
    if (isAmbiguous(request.raw)) throw refusalOf(400);
    if (request.routeOptions.config.isHealth !== true && !isOurs(hostOf(request.raw))) {
      throw new Refusal(421, 'BAD_USER_INPUT', 'This host name is not served here.');
    }
    done();
  });
}

/** What a page of an allowed origin may read beside the body. */
const EXPOSED_HEADERS = ['Retry-After', 'X-Request-Id'];

/** CORS for an exact list of origins, with credentials. A preflight is answered here. */
export async function answerCors(app: FastifyInstance, allowedOrigins: ReadonlySet<string>): Promise<void> {
  await app.register(cors, {
    origin: [...allowedOrigins],
    credentials: true,
    methods: ['POST'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
    strictPreflight: false,
  });
}

/** The same headers for an answer that Fastify has no part in; of an allowed origin, Access-Control-Allow-Origin names it. */
export const CORS_HEADERS: HeaderTable = {
  vary: 'Origin',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
};

const SHED_RETRY_SECONDS = 2;
const SAMPLE_MS = 500;
const QUIET_MS = 10_000;

/** BUSY while the event loop lags or the heap is nearly full: a quick refusal leaves those in progress a chance to end. */
export async function shedLoad(
  app: FastifyInstance,
  { shedDelayMs, shedHeapMib }: Config['http'],
  logger: Logger,
  clock: Clock,
): Promise<void> {
  const heapLimit = shedHeapMib === undefined ? getHeapStatistics().heap_size_limit * 0.9 : shedHeapMib * 2 ** 20;
  let quietUntil = 0;
  await app.register(underPressure, {
    maxEventLoopDelay: shedDelayMs,
    maxHeapUsedBytes: heapLimit,
    // The histogram loses what falls between its reset and its next tick, and an empty one counts as an endless delay: with
    // shorter samples one delay of half the limit would shed.
    sampleInterval: Math.max(SAMPLE_MS, 2 * shedDelayMs),
    pressureHandler: async (_request, _reply, measure, value) => {
      const nowMs = clock.now().getTime();
      if (nowMs >= quietUntil) logger.warn('requests are shed', { measure, value });
      quietUntil = nowMs + QUIET_MS;
      throw new AppError('BUSY', 'Too much work at the moment.', { retryAfter: SHED_RETRY_SECONDS });
    },
  });
}

/** 404, or 405 where the path is known; before the body is read, too. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    for (const one of [method].flat()) methods.set(url, (methods.get(url) ?? new Set()).add(one));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.is404) throw refusalFor(request.url);
    done();
  });
  app.setNotFoundHandler((request) => {
    throw refusalFor(request.url);
  });

  function refusalFor(url: string): Refusal {
    const [path = ''] = url.split('?');
    const allowed = methods.get(path);
    return allowed === undefined ? refusalOf(404) : refusalOf(405, { allow: [...allowed, 'OPTIONS'].join(', ') });
  }
}
