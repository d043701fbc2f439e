import { Answered, AppError, type ErrorCode } from '../platform/errors.ts';

/** An answer of the HTTP layer itself, before or instead of GraphQL's. The message repeats nothing of the request. */
export class Refusal extends Answered {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  RATE_LIMITED: 429,
  BUSY: 503,
  NOT_FOUND: 404,
  INTERNAL_SERVER_ERROR: 500,
};

/** What Fastify, Node's parser and the static files refuse, in words that hold for all their reasons. */
const TEXTS: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  405: 'The method is not taken here.',
  406: 'The answer can only be application/json or application/graphql-response+json.',
  408: 'The request took too long to arrive.',
  413: 'The request body is too large.',
  415: 'The request body must be application/json in UTF-8.',
  417: 'The Expect header asks for something unknown.',
  431: 'The request headers are too large.',
};

/** A refusal by its status alone. */
export function refusalOf(status: number, headers: Readonly<Record<string, string>> = {}): Refusal {
  const code = status === 404 ? 'NOT_FOUND' : 'BAD_USER_INPUT';
  const text = status === 404 ? 'There is nothing here.' : (TEXTS[status] ?? 'The request cannot be answered.');
  return new Refusal(status, code, text, headers);
}

/** What may be told of any error: what is not meant for clients becomes INTERNAL_SERVER_ERROR and says nothing. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AppError) {
    const { retryAfter } = error.facts;
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    return new Refusal(STATUS_OF[error.code] ?? 400, error.code, error.message, headers, retryAfter);
  }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return refusalOf(status);
  return new Refusal(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong here. The request id leads to it in the log.');
}

/** The body of every refusal: `{"errors": […]}`, as GraphQL's own. */
export function refusalBody({ message, code, retryAfter }: Refusal, requestId: string): string {
  // A client that reads `fields` of BAD_USER_INPUT finds a list, as in GraphQL's own answers.
  const fields = code === 'BAD_USER_INPUT' ? [] : undefined;
  return JSON.stringify({ errors: [{ message, extensions: { code, requestId, retryAfter, fields } }] });
}
