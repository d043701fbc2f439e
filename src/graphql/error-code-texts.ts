import type { ErrorCode } from '../platform/errors.ts';

/** What the schema says of the enum, and of each value: part of the contract with clients. */
export const ERROR_CODE_DESCRIPTION = `\`extensions.code\` of an error. Every error also has \`extensions.requestId\`. RATE_LIMITED and BUSY have \`retryAfter\` in seconds,
WEAK_PASSWORD has \`reasons: [PasswordProblem!]\`, ACTION_REQUIRED has \`actions: [RequiredAction!]\`, and BAD_USER_INPUT has
\`fields: [{ path: [String], code: FieldProblem, message: String, limit: Int }]\` with one entry for every bad value of the request, whether a scalar,
a constraint or the service refused it (a password among other bad values is an entry too, with its \`reasons\`, NOT_ALLOWED where no other code fits; alone it is WEAK_PASSWORD, with the same \`fields\`); \`path\` begins with the argument: ["input", "profile", "phone"]. No value is ever repeated.`;

export const ERROR_CODE_DESCRIPTIONS: Readonly<Record<ErrorCode, string>> = {
  UNAUTHENTICATED:
    'Needs a login: no token, one that is no access token of this server, or its session has ended. Public fields never answer this.',
  TOKEN_EXPIRED:
    'The access token is past its time: refresh, then repeat. Public fields never answer this, refresh least of all.',
  FORBIDDEN: 'Logged in, without the permission.',
  REAUTHENTICATION_REQUIRED: 'Call reauthenticate, then repeat.',
  ACTION_REQUIRED: 'A required action is open (a second factor to enrol, say).',
  INVALID_CREDENTIALS: 'Wrong password, code or passkey, or no such account: never said which.',
  INVALID_TOKEN: 'A refresh, login or mail token that is unknown, used, or past its time.',
  EMAIL_NOT_VERIFIED: 'Right password, address not yet verified: offer resendVerification.',
  ACCOUNT_DISABLED: 'Right password, account disabled.',
  REGISTRATION_CLOSED: 'This server takes no registrations.',
  WEAK_PASSWORD: 'The new password is refused: see `reasons`.',
  RATE_LIMITED: 'Too many attempts: wait `retryAfter` seconds.',
  BUSY: 'Too much work at the moment.',
  BAD_USER_INPUT: 'Something in the request cannot be used: see `fields`.',
  NOT_FOUND: 'There is no such thing, or it is not yours.',
  CONFLICT: 'The state has moved on or forbids it: last administrator, role in use, factor already on.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  DOCUMENT_LIMIT_EXCEEDED:
    'Over a limit of documents (depth, cost, aliases, directives, tokens, root fields), or a second credential mutation. Nothing ran.',
  PERSISTED_QUERY_NOT_FOUND: 'No stored document has this id: send the text.',
  INTERNAL_SERVER_ERROR: 'A fault of the server: its log has it under `requestId`.',
};
