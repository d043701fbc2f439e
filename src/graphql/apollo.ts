import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DocumentLimits } from '../config.ts';
import { documentLimitsRule, parseOptions } from '../limits/document-limits.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { InputProblems } from './input-problems.ts';
import type { KnownDocuments } from './known-documents.ts';
import { isOldClient } from './old-client.ts';
import { asRequestError, type PublicError, toPublicError } from './public-errors.ts';
import { servedOperationsRule } from './served-operations.ts';
import { refuseBadVariables } from './variable-problems.ts';

export interface ApolloParts {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentLimits;
  readonly known: KnownDocuments;
  readonly introspection: boolean;
  readonly problems: InputProblems;
  readonly logger: Logger;
  readonly plugins: readonly ApolloServerPlugin<RequestContext>[];
}

/** Apollo Server with everything off that this server does itself or does not want, and every error through one gate. */
export function makeApollo(parts: ApolloParts): ApolloServer<RequestContext> {
  const { schema, documents, known, introspection, logger } = parts;
  return new ApolloServer<RequestContext>({
    schema,
    introspection,
    parseOptions: parseOptions(documents),
    documentStore: known,
    // The limits were judged before, by the gate; this is the second lock.
    validationRules: [servedOperationsRule, documentLimitsRule(documents)],
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    // The HTTP side has refused such requests already; this is the second lock.
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    // Signals are main.ts's affair.
    stopOnTerminationSignals: false,
    // Before there is a context an error has no request id; the HTTP side adds it. Logged by Apollo itself, below.
    formatError: (_, error) => toPublicError(error, '', silent),
    logger: apolloLogger(logger),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      requestPlugin(parts),
      ...parts.plugins,
    ],
  });
}

const nothing = () => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Apollo's messages may repeat what a client sent, so only their kind is logged. */
function apolloLogger(logger: Logger) {
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: () => logger.error('Apollo failed outside an operation'),
  };
}

/** Names the operation, refuses bad variables before anything runs, and lets errors out by the one gate. */
function requestPlugin({ schema, problems, logger }: ApolloParts): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ contextValue, document, operation, operationName, request }) {
          contextValue.operationName = operationName;
          try {
            refuseBadVariables(problems, schema, document, operation, request.variables);
          } catch (error) {
            throw error instanceof AppError ? asRequestError(error) : error;
          }
        },
        async willSendResponse({ contextValue, errors, request, response }) {
          if (response.body.kind !== 'single' || !errors || errors.length === 0) return;
          const told = errors.map((error) => toPublicError(error, contextValue.requestId, logger));
          response.body.singleResult.errors = told;
          if (isOldClient(request.http?.headers.get('accept')) && told.every(isOfDocument)) response.http.status = 200;
        },
      };
    },
  };
}

const DOCUMENT_FAULTS: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'DOCUMENT_LIMIT_EXCEEDED',
]);

const isOfDocument = ({ extensions }: PublicError) => DOCUMENT_FAULTS.has(extensions.code);
