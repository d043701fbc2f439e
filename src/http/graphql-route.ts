import type { ApolloServer, BaseContext } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { FindDocumentFault } from '../graphql/document-gate.ts';
import type { FindKnownOperation } from '../graphql/known-operations.ts';
import { isOldClient } from '../graphql/old-client.ts';
import type { GraphqlBody, ResolveDocument } from '../graphql/trusted-documents.ts';
import { isJson } from './json-body.ts';
import { Refusal, refusalBody, refusalOf, toRefusal } from './refusal.ts';
import type { RequestFacts } from './request-facts.ts';

/** Answers one POST /graphql whose body is a JSON object, with the answer's text. */
export type GraphqlHandler = (request: FastifyRequest, reply: FastifyReply, facts: RequestFacts) => Promise<unknown>;

/** What becomes of a request's document before Apollo sees it. */
export interface DocumentChecks<C> {
  readonly resolveDocument: ResolveDocument;
  readonly findDocumentFault: FindDocumentFault;
  readonly findKnownOperation: FindKnownOperation<C>;
}

/**
 * Runs the operations that are known, and hands all other requests to Apollo, which must have been started, with the document
 * that they name. `makeContext` may throw: the answer is then its AppError, or INTERNAL_SERVER_ERROR, and never the "Context
 * creation failed: <message>" that Apollo would make of it. What it makes is cloned by Apollo (prototype and own properties),
 * so it can have no private fields and is not where to look for results.
 */
export function makeGraphqlHandler<C extends BaseContext>(
  apollo: ApolloServer<C>,
  makeContext: (facts: RequestFacts) => C | Promise<C>,
  { resolveDocument, findDocumentFault, findKnownOperation }: DocumentChecks<C>,
): GraphqlHandler {
  return async (request, reply, facts) => {
    // An object by now: registerGraphql has refused all else.
    const operation = resolveDocument(request.body as GraphqlBody);
    const runKnown = findKnownOperation(operation);
    const text = runKnown && (await runKnown(await makeContext(facts)));
    if (text !== undefined) {
      reply.code(200).type(`${findAnswerType(request.headers.accept)}; charset=utf-8`);
      return text;
    }
    const fault = findDocumentFault(operation['query']);
    if (fault !== undefined) {
      const { accept } = request.headers;
      reply.code(isOldClient(accept) ? 200 : 400).type(`${findAnswerType(accept)}; charset=utf-8`);
      return refusalBody(toRefusal(fault), request.id);
    }
    request.body = operation;
    let failed: { readonly failure: unknown } | undefined;
    const answer = fastifyApolloHandler(apollo, {
      context: async () => {
        try {
          return await makeContext(facts);
        } catch (failure) {
          failed = { failure };
          throw failure;
        }
      },
    });
    const body: unknown = await answer.call(request.server, request, reply);
    if (failed !== undefined) throw failed.failure;
    return body;
  };
}

/**
 * POST /graphql. Other methods and other bodies are refused before. Whatever answers, Retry-After is the largest `retryAfter`
 * of its errors, and each error of a request that was not carried out has the request's id.
 */
export function registerGraphql(
  app: FastifyInstance,
  handle: GraphqlHandler,
  toFacts: (request: FastifyRequest, reply: FastifyReply) => RequestFacts,
): void {
  app.route({
    method: 'POST',
    url: '/graphql',
    onRequest: (request, _reply, done) => {
      if (!isJson(request.headers['content-type'])) throw refusalOf(415);
      const accept = request.headers.accept?.replace(CHARSET, '');
      if (findAnswerType(accept) === undefined) throw refusalOf(406);
      request.headers.accept = accept;
      done();
    },
    handler: async (request, reply) => {
      refuseUnlessObject(request.body);
      const body = await handle(request, reply, toFacts(request, reply));
      // Apollo's cache control may have allowed to keep the answer. It is one person's.
      reply.header('cache-control', 'no-store');
      return body;
    },
    onSend: async (request, reply, payload) => {
      const hasErrors = typeof payload === 'string' && payload.startsWith('{"errors":');
      if (!hasErrors) return payload;
      // Most have both already, and need not be read.
      const lacksId = reply.statusCode >= 400 && !payload.includes(request.id);
      const lacksHeader = !reply.hasHeader('retry-after') && payload.includes('"retryAfter":');
      if (!lacksId && !lacksHeader) return payload;
      const body: ErrorsBody = JSON.parse(payload);
      const retryAfter = Math.max(0, ...body.errors.map(({ extensions }) => extensions?.retryAfter ?? 0));
      if (retryAfter > 0) reply.header('retry-after', String(retryAfter));
      return lacksId ? withRequestIds(body, request.id) : payload;
    },
  });
}

/**
 * The type that the client wants its answer in. Asked before anything runs: Apollo asks only afterwards, and the answer of a
 * mutation that was carried out would be lost.
 */
const findAnswerType = (accept: string | undefined): string | undefined =>
  accept ? new Negotiator({ headers: { accept } }).mediaType([...ANSWER_TYPES]) : ANSWER_TYPES[0];

/** Apollo would look for a type with just this parameter, which it has not. */
const CHARSET = /;[\t ]*charset="?utf-8"?(?=[\t ]*(?:[;,]|$))/gi;

const ANSWER_TYPES = ['application/json', 'application/graphql-response+json'] as const;

interface ErrorsBody {
  readonly errors: readonly { readonly extensions?: { readonly retryAfter?: number } }[];
}

function refuseUnlessObject(body: unknown): void {
  if (Array.isArray(body))
    throw new Refusal(400, 'BAD_USER_INPUT', 'Send one operation a request: batches are not taken.');
  if (typeof body !== 'object' || body === null)
    throw new Refusal(400, 'BAD_USER_INPUT', 'The body must be a JSON object.');
}

/** Errors that arose before there was a context know no request. */
const withRequestIds = (body: ErrorsBody, requestId: string): string =>
  JSON.stringify({
    ...body,
    errors: body.errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } })),
  });
