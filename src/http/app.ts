import fastify, { type FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { inPools, type Random, uuidv7 } from '../platform/random.ts';
import { type HitAddress, limitAddresses } from './address-window.ts';
import { makeClientAddressReader } from './client-address.ts';
import { makeCookies } from './cookies.ts';
import { answerCors, refuseMisdirected, refuseUnknownRoutes, shedLoad } from './gatekeeping.ts';
import { type GraphqlHandler, registerGraphql } from './graphql-route.ts';
import { makeReadiness, type ReadinessCheck, registerHealth } from './health.ts';
import { takeJsonBodies } from './json-body.ts';
import { answerClientError, makeNodeServer, refuseRaw } from './node-server.ts';
import { refusePlayground, registerPlayground } from './playground-route.ts';
import { type JwkSet, registerJwks, registerSchema } from './published-documents.ts';
import { refusalBody, toRefusal } from './refusal.ts';
import { toRequestFacts } from './request-facts.ts';
import { makeRequestIds } from './request-ids.ts';
import { makeSecurityHeaders } from './security-headers.ts';

const noSchema = () => {
  throw new TypeError('No route has a schema: GraphQL checks what comes and what leaves.');
};
/** In place of Fastify's compilers of JSON schemas, which take a tenth of the start to load. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } };

const JSON_TYPE = 'application/json; charset=utf-8';

export interface HttpAppParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly hitAddress: HitAddress;
  readonly handleGraphql: GraphqlHandler;
  readonly readinessChecks: readonly ReadinessCheck[];
  readonly readJwks: () => Promise<JwkSet>;
  /** The schema, for /schema.graphql where that is on. */
  readonly sdl: string;
  /** Where the build puts the playground, an absolute path; read where that is on. */
  readonly playgroundFolder: string;
}

/**
 * The HTTP side of the server, ready to listen. A request passes, in this order: the window of its address; security headers and
 * its id; the Host check; CORS; load shedding; the route's own checks; and only then its body is read.
 */
export async function makeHttpApp(parts: HttpAppParts): Promise<FastifyInstance> {
  const { config, logger } = parts;
  const headers = makeSecurityHeaders(config.publicUrl);
  const readClient = makeClientAddressReader(config.trustedProxies);
  const requestId = makeRequestIds(readClient, parts.clock, inPools(parts.random));
  const cookies = makeCookies(config.publicUrl);
  const allowedOrigins = new Set([...config.ownOrigins, ...config.corsOrigins]);
  const newRequestId = () => uuidv7(parts.clock, parts.random);

  const addressWindow = {
    ...{ hitAddress: parts.hitAddress, readClient, requestId, headers: headers.api, allowedOrigins, logger },
    isListening: () => app.server.listening,
  };

  const app = fastify({
    serverFactory: (listener) =>
      makeNodeServer({ config, headers: headers.api, newRequestId, logger }, limitAddresses(listener, addressWindow)),
    schemaController: NO_SCHEMAS,
    bodyLimit: config.http.bodyLimitBytes,
    genReqId: requestId,
    // While it stops, requests under way still get their answers, and the connection closes after each.
    return503OnClosing: false,
    clientErrorHandler: ({ code }, socket) => answerClientError(code, socket, headers.api, newRequestId()),
    frameworkErrors: (_, request, reply) => refuseRaw(reply.raw, 400, headers.api, request.id),
  });

  app.decorateRequest('client');
  app.addHook('onRequest', (request, reply, done) => {
    const { isPage, cache = 'no-store' } = request.routeOptions.config;
    request.client = readClient(request.raw);
    reply
      .headers(isPage ? headers.page : headers.api)
      .header('cache-control', cache)
      .header('x-request-id', request.id);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error);
    if (refusal.status === 500) logger.error('a request failed', { requestId: request.id, ...errorFacts(error) });
    reply.headers({ ...headers.api, ...refusal.headers, 'cache-control': 'no-store' });
    reply.code(refusal.status).type(JSON_TYPE).send(refusalBody(refusal, request.id));
  });
  logAnswers(app, logger);
  refuseMisdirected(app, config);
  await answerCors(app, allowedOrigins);
  await shedLoad(app, config.http, logger, parts.clock);
  refuseUnknownRoutes(app);
  takeJsonBodies(app);

  registerGraphql(app, parts.handleGraphql, (request, reply) =>
    toRequestFacts(request, reply, cookies, allowedOrigins),
  );
  registerHealth(app, makeReadiness(parts.readinessChecks, parts.clock, logger));
  registerJwks(app, parts.readJwks);
  if (config.schemaEndpoint) registerSchema(app, parts.sdl);
  if (config.playground && config.trustedDocuments.mode === 'require') refusePlayground(app);
  else if (config.playground) await registerPlayground(app, parts.playgroundFolder);
  return app;
}

/** A line for each answer, at debug. The path is the route's own: what a client typed there may hold a token. */
function logAnswers(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const path = request.routeOptions.url ?? 'other';
    const ms = Math.round(reply.elapsedTime);
    logger.debug('answered', { requestId: request.id, method: request.method, path, status: reply.statusCode, ms });
    done();
  });
}

/**
 * Takes no more connections, and is done when the requests under way have their answers, or after `graceMs` without them.
 */
export async function closeHttpApp(app: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
