import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError, type BadField, type ErrorCode, type ErrorFacts } from '../platform/errors.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';
import { toldOfValidation } from './validation-messages.ts';

/** What a client gets of an error: one entry of `errors`. */
export interface PublicError extends GraphQLFormattedError {
  readonly extensions: Record<string, unknown> & { readonly code: ErrorCode; readonly requestId: string } & ErrorFacts;
}

/**
 * The one gate that errors leave by, whatever threw them (Apollo's `formatError`, and the HTTP side). An AppError tells its
 * code, text and facts. What graphql-js and Apollo say of a faulty request gets a code of the contract and a text that
 * repeats no value. Anything else is INTERNAL_SERVER_ERROR (ASVS v5.0.0-16.5.1): the log has its facts, once, under the request id.
 */
export function toPublicError(error: unknown, requestId: string, logger: Logger): PublicError {
  const known = findAppError(error) ?? findRequestFault(error);
  if (known === undefined)
    logger.error('unexpected error', { requestId, ...errorFacts(rootOf(error)), ...nullFacts(error) });
  const told =
    known ?? new AppError('INTERNAL_SERVER_ERROR', `Something went wrong. The server's log has it under ${requestId}.`);
  const { path, locations } = error instanceof GraphQLError ? error : {};
  return {
    message: told.message,
    ...(locations === undefined ? {} : { locations: locations.map(({ line, column }) => ({ line, column })) }),
    ...(path === undefined ? {} : { path }),
    extensions: { code: told.code, requestId, ...publicFacts(told) },
  };
}

/**
 * An AppError as a request's own error, before anything ran: Apollo answers it with `status`. Thrown bare in a hook it would
 * be a 500.
 */
export function asRequestError(error: AppError, status = 400): GraphQLError {
  return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code, http: { status } } });
}

/** The AppError in it: thrown by a resolver or a validation rule, it comes wrapped by graphql-js and again by Apollo. */
function findAppError(error: unknown): AppError | undefined {
  const root = rootOf(error);
  return root instanceof AppError ? root : undefined;
}

function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < 5 && root instanceof GraphQLError && root.originalError !== undefined; depth++) {
    root = root.originalError;
  }
  return root;
}

const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] \d+ tokens\. /;
/** Of getArgumentValues (execution/values.js), for a variable that is null where it may not be. */
const BAD_ARGUMENT = /^Argument "[_0-9A-Za-z]+" (?:of |has invalid value )/;

/** What graphql-js or Apollo found wrong in the request, as the contract has it. */
function findRequestFault(error: unknown): AppError | undefined {
  if (!(error instanceof GraphQLError)) return undefined;
  const root = rootOf(error);
  if (BAD_ARGUMENT.test(error.message) && (root === error || root instanceof GraphQLError))
    return badRequest(BAD_VALUES);
  // Below a field the request is past those checks: a library's error there is a fault of ours, whatever code it has.
  if (error.path !== undefined) return undefined;
  switch (error.extensions['code']) {
    case 'GRAPHQL_PARSE_FAILED':
      if (TOO_MANY_TOKENS.test(error.message)) {
        return new AppError('DOCUMENT_LIMIT_EXCEEDED', 'The document has too many tokens.');
      }
      // Its message quotes the token where it stopped, which may be part of a password.
      return new AppError('GRAPHQL_PARSE_FAILED', 'The document is not GraphQL: see `locations`.');
    case 'GRAPHQL_VALIDATION_FAILED':
      if (error.message.startsWith('Maximum introspection depth')) {
        return new AppError('DOCUMENT_LIMIT_EXCEEDED', 'The document asks for an introspection that is too deep.');
      }
      return new AppError('GRAPHQL_VALIDATION_FAILED', toldOfValidation(error.message));
    case 'PERSISTED_QUERY_NOT_FOUND':
    case 'PERSISTED_QUERY_NOT_SUPPORTED':
      // The text that Apollo Client looks for before it sends the document.
      return new AppError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
    case 'OPERATION_RESOLUTION_FAILURE':
      return badRequest('The document has no operation of that name, or several and none was named.');
    case 'BAD_REQUEST':
      return badRequest(toldOfBadRequest(error.message));
    case 'BAD_USER_INPUT':
      return badRequest(BAD_VALUES);
    default:
      return undefined;
  }
}

const BAD_VALUES = 'The request has values that cannot be used.';
const badRequest = (message: string) => new AppError('BAD_USER_INPUT', message);

/** Beginnings of Apollo's messages about requests that hold no operation, and what is told of them. */
const BAD_REQUESTS: readonly (readonly [string, string])[] = [
  ['POST body missing', 'Send a JSON object with the document in `query`, as application/json.'],
  ['GraphQL operations must contain', 'The document in `query` is missing.'],
  ['GraphQL queries must be strings', '`query` must be a text.'],
  ['`variables` in a POST body', '`variables` must be an object.'],
  ['`extensions` in a POST body', '`extensions` must be an object.'],
  ['`operationName` in a POST body', '`operationName` must be a text.'],
  ['Operation batching disabled', 'Send one operation a request: batches are off.'],
  ['This operation has been blocked as a potential', 'Send the request as application/json: forms are refused (CSRF).'],
  ["An 'accept' header was provided", 'The answer can only be application/json or application/graphql-response+json.'],
];

function toldOfBadRequest(message: string): string {
  const row = BAD_REQUESTS.find(([beginning]) => message.startsWith(beginning));
  return row ? row[1] : 'The request holds no operation that this server takes.';
}

/** The facts by name, so that nothing else which an error carries can leave. */
function publicFacts({ code, facts }: AppError): ErrorFacts {
  const { retryAfter, reasons, actions } = facts;
  // A client that reads `fields` of BAD_USER_INPUT finds a list, also where the request itself was at fault.
  const fields = facts.fields ?? (code === 'BAD_USER_INPUT' ? [] : undefined);
  return {
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(fields === undefined ? {} : { fields: fields.map(publicField) }),
    ...(reasons === undefined ? {} : { reasons: [...reasons] }),
    ...(actions === undefined ? {} : { actions: [...actions] }),
  };
}

function publicField({ path, code, message, limit, reasons }: BadField): BadField {
  return {
    path: [...path],
    code,
    message,
    ...(limit === undefined ? {} : { limit }),
    ...(reasons === undefined ? {} : { reasons: [...reasons] }),
  };
}

/** graphql-js names the field that must not be null, and nothing personal: without it such an error could not be traced. */
function nullFacts(error: unknown) {
  const message = error instanceof Error ? error.message : '';
  const field = /^Cannot return null for non-nullable field ([\w.]+)\.$/.exec(message)?.[1];
  return field === undefined ? {} : { nullField: field };
}
