/**
 * Everything that may go wrong and be told to a client: one closed union of codes, and one error class that carries them.
 * What is not an `AppError` leaves as INTERNAL_SERVER_ERROR and is only logged (graphql/public-errors.ts).
 */

/** Every code of `extensions.code`, as the contract lists and documents them. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
  'REAUTHENTICATION_REQUIRED',
  'ACTION_REQUIRED',
  'INVALID_CREDENTIALS',
  'INVALID_TOKEN',
  'EMAIL_NOT_VERIFIED',
  'ACCOUNT_DISABLED',
  'REGISTRATION_CLOSED',
  'WEAK_PASSWORD',
  'RATE_LIMITED',
  'BUSY',
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'DOCUMENT_LIMIT_EXCEEDED',
  'PERSISTED_QUERY_NOT_FOUND',
  'INTERNAL_SERVER_ERROR',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is wrong with one value of a request. */
export const FIELD_PROBLEMS = [
  'REQUIRED',
  'INVALID_FORMAT',
  'TOO_SHORT',
  'TOO_LONG',
  'OUT_OF_RANGE',
  'NOT_ALLOWED',
] as const;
export type FieldProblem = (typeof FIELD_PROBLEMS)[number];

/** Why a password is refused. */
export const PASSWORD_PROBLEMS = ['TOO_SHORT', 'TOO_LONG', 'COMMON', 'BREACHED', 'PERSONAL', 'UNCHANGED'] as const;
export type PasswordProblem = (typeof PASSWORD_PROBLEMS)[number];

/** One bad value: where it stands (from the argument's name on), what is wrong, in words, and the limit it broke. Never the value. */
export interface BadField {
  readonly path: readonly string[];
  readonly code: FieldProblem;
  readonly message: string;
  readonly limit?: number;
  /** Only for a password. */
  readonly reasons?: readonly PasswordProblem[];
}

/** What an error tells besides its code and message; `graphql/public-errors` copies exactly these keys into `extensions`. */
export interface ErrorFacts {
  /** Whole seconds, at least 1. With RATE_LIMITED and BUSY. */
  readonly retryAfter?: number;
  readonly fields?: readonly BadField[];
  readonly reasons?: readonly PasswordProblem[];
  readonly actions?: readonly string[];
}

/**
 * An error that is an answer and no fault: it has no stack frames. Nobody reads them, and whoever floods the server with requests
 * that it refuses would have it collect and format them for each.
 */
export class Answered extends Error {
  constructor(message: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What `make` makes, with no stack frames in the errors among it. Nothing else of the process runs meanwhile. */
export function withoutFrames<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** An error that a client may see: `code` from the closed union, a message in English that repeats no value of the request. */
export class AppError extends Answered {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message);
    this.code = code;
    this.facts = facts;
  }
}
