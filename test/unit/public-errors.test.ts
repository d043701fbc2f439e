import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { asRequestError, toPublicError } from '../../src/graphql/public-errors.ts';
import { AppError, ERROR_CODES, type ErrorCode } from '../../src/platform/errors.ts';
import type { LogFacts, Logger } from '../../src/platform/logger.ts';
import { startInputServer } from '../support/input-server.ts';

const logged: { level: string; message: string; facts: LogFacts | undefined }[] = [];
const logAs = (level: string) => (message: string, facts?: LogFacts) => void logged.push({ level, message, facts });
const logger: Logger = { debug: logAs('debug'), info: logAs('info'), warn: logAs('warn'), error: logAs('error') };
const told = (error: unknown) => toPublicError(error, 'request-1', logger);
const apolloError = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

/** An error for each code that may leave: what is thrown inside, as graphql-js or Apollo hands it over. */
const EXAMPLES: Record<ErrorCode, unknown> = {
  UNAUTHENTICATED: new AppError('UNAUTHENTICATED', 'Log in first.'),
  TOKEN_EXPIRED: new AppError('TOKEN_EXPIRED', 'Refresh, then repeat.'),
  FORBIDDEN: new AppError('FORBIDDEN', 'Not allowed.'),
  REAUTHENTICATION_REQUIRED: new AppError('REAUTHENTICATION_REQUIRED', 'Reauthenticate first.'),
  ACTION_REQUIRED: new AppError('ACTION_REQUIRED', 'Enrol first.', { actions: ['ENROLL_SECOND_FACTOR'] }),
  INVALID_CREDENTIALS: new AppError('INVALID_CREDENTIALS', 'Wrong password, or no such account.'),
  INVALID_TOKEN: new AppError('INVALID_TOKEN', 'Used or unknown.'),
  EMAIL_NOT_VERIFIED: new AppError('EMAIL_NOT_VERIFIED', 'Verify it first.'),
  ACCOUNT_DISABLED: new AppError('ACCOUNT_DISABLED', 'Disabled.'),
  REGISTRATION_CLOSED: new AppError('REGISTRATION_CLOSED', 'Closed.'),
  WEAK_PASSWORD: new AppError('WEAK_PASSWORD', 'Too weak.', {
    reasons: ['COMMON'],
    fields: [{ path: ['input', 'password'], code: 'NOT_ALLOWED', message: 'Too common.', reasons: ['COMMON'] }],
  }),
  RATE_LIMITED: new AppError('RATE_LIMITED', 'Too often.', { retryAfter: 7 }),
  BUSY: new AppError('BUSY', 'Later.', { retryAfter: 1 }),
  BAD_USER_INPUT: apolloError('BAD_REQUEST', 'Operation batching disabled.'),
  NOT_FOUND: new AppError('NOT_FOUND', 'No such role.'),
  CONFLICT: new AppError('CONFLICT', 'The last administrator.'),
  GRAPHQL_PARSE_FAILED: apolloError('GRAPHQL_PARSE_FAILED', 'Syntax Error: Expected Name, found String "hunter2".'),
  GRAPHQL_VALIDATION_FAILED: apolloError('GRAPHQL_VALIDATION_FAILED', 'Cannot query field "x" on type "Query".'),
  DOCUMENT_LIMIT_EXCEEDED: new AppError('DOCUMENT_LIMIT_EXCEEDED', 'Too deep.'),
  PERSISTED_QUERY_NOT_FOUND: apolloError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported'),
  INTERNAL_SERVER_ERROR: new Error('connect ECONNREFUSED db.internal:5432'),
};

describe('every code', () => {
  test.each(ERROR_CODES)('%s leaves as itself, with the request id', (code) => {
    const answer = told(EXAMPLES[code]);
    expect(answer.extensions).toMatchObject({ code, requestId: 'request-1' });
    expect(answer.message).toMatch(/\S/);
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|ECONNREFUSED|"Query|stack/);
  });
});

describe('an AppError', () => {
  test('keeps its code, text and facts, also when it comes wrapped twice', () => {
    const error = new AppError('RATE_LIMITED', 'Too often.', { retryAfter: 7 });
    const located = new GraphQLError('Too often.', { originalError: error, path: ['login'] });
    const wrapped = new GraphQLError('Context creation failed: Too often.', { originalError: located });
    const facts = { code: 'RATE_LIMITED', requestId: 'request-1', retryAfter: 7 };
    expect(told(error)).toEqual({ message: 'Too often.', extensions: facts });
    expect(told(located)).toEqual({ message: 'Too often.', path: ['login'], extensions: facts });
    expect(told(wrapped)).toEqual({ message: 'Too often.', extensions: facts });
  });

  test('tells no fact beyond those of the contract, and is not logged', () => {
    logged.length = 0;
    const field = { path: ['input'], code: 'TOO_LONG', message: 'Too long.', limit: 5, value: 'hunter2' } as const;
    const error = new AppError('BAD_USER_INPUT', 'Bad.', Object.assign({ fields: [field] }, { secret: 'hunter2' }));
    const { value: _, ...entry } = field;
    expect(told(error).extensions).toEqual({ code: 'BAD_USER_INPUT', requestId: 'request-1', fields: [entry] });
    expect(logged).toEqual([]);
  });

  test('as a request error is answered with 400, not 500', () => {
    const error = asRequestError(new AppError('BAD_USER_INPUT', 'Bad.'));
    expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT', http: { status: 400 } });
    expect(told(error).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('of BAD_USER_INPUT always has fields', () => {
    expect(told(new AppError('BAD_USER_INPUT', 'Bad.')).extensions.fields).toEqual([]);
    expect(told(new AppError('CONFLICT', 'Bad.')).extensions.fields).toBeUndefined();
  });
});

test.each([
  ['GRAPHQL_PARSE_FAILED', 'Syntax Error: Document contains more that 1000 tokens. Parsing aborted.'],
  ['GRAPHQL_VALIDATION_FAILED', 'Maximum introspection depth exceeded'],
])("a limit of graphql-js's own is DOCUMENT_LIMIT_EXCEEDED, not %s", (code, message) => {
  expect(told(apolloError(code, message)).extensions.code).toBe('DOCUMENT_LIMIT_EXCEEDED');
  expect(told(apolloError(code, `It says: ${message}`)).extensions.code).toBe(code);
});

describe('what nobody foresaw', () => {
  test.each([
    ['an Error', new Error('the secret')],
    ['a text', 'the secret'],
    ['undefined', undefined],
    ['an error of a field', new GraphQLError('the secret', { path: ['me'], originalError: new Error('the secret') })],
    [
      'a coded error that a library threw in a field',
      new GraphQLError('the secret', { path: ['me'], extensions: { code: 'BAD_USER_INPUT', secret: 1 } }),
    ],
    ['an unknown code', new GraphQLError('the secret', { extensions: { code: 'TEAPOT' } })],
    ["a code that is AppErrors' alone", new GraphQLError('the secret', { extensions: { code: 'FORBIDDEN' } })],
  ])('%s is INTERNAL_SERVER_ERROR with the request id, and logged once without its message', (_name, error) => {
    logged.length = 0;
    const answer = told(error);
    expect(answer.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' });
    expect(answer.message).toContain('request-1');
    expect(logged).toMatchObject([{ level: 'error', facts: { requestId: 'request-1' } }]);
    expect(JSON.stringify([answer, logged])).not.toContain('secret');
  });
});

describe('behind Apollo Server', () => {
  let server: Awaited<ReturnType<typeof startInputServer>>;
  beforeAll(async () => {
    server = await startInputServer();
  });
  afterAll(() => server.stop());

  /** Status, code and text of each error; the planted `hunter2` stays inside. */
  async function answers(query: string, variables?: object) {
    const { status, errors, text } = await server.ask(query, variables);
    expect(text).not.toMatch(/hunter2|Did you mean/i);
    return errors.map(({ message, extensions }) => [status, extensions.code, message]);
  }

  test.each([
    ['{ me(', 1, 6],
    ['{ user(id: "hunter2) }', 1, 23],
    ['{ user(id: "a" "hunter2") }', 1, 16],
    ["{ user(id: 'hunter2') }", 1, 12],
  ])('a document that is no GraphQL: %s', async (query, line, column) => {
    expect(await answers(query)).toEqual([
      [400, 'GRAPHQL_PARSE_FAILED', 'The document is not GraphQL: see `locations`.'],
    ]);
    expect((await server.ask(query)).errors[0]?.locations).toEqual([{ line, column }]);
  });

  test('too many tokens are a broken limit', async () => {
    expect(await answers(`{ ${'me '.repeat(600)} }`)).toMatchObject([
      [400, 'DOCUMENT_LIMIT_EXCEEDED', expect.any(String)],
    ]);
  });

  test.each([
    ['{ mee }', 'There is no field "mee" here.'],
    ['{ user(idd: "hunter2", id: "1") }', 'There is no argument "idd" here.'],
    ['{ user }', '"user" requires its argument "id".'],
    [
      'mutation { login(input: { email: "a@b", pasword: "hunter2", password: "x" }) }',
      'There is no input field "pasword" here.',
    ],
    ['mutation { login(input: { email: "a@b" }) }', 'The input field "password" is required.'],
    [
      'mutation { login(input: { email: "a@b", password: hunter2 }) }',
      'A literal is not of the type that is expected here.',
    ],
    [
      'mutation { login(input: { email: "a@b", password: ["hunter2"] }) }',
      'A literal is not of the type that is expected here.',
    ],
    ['mutation { login(input: "hunter2") }', 'A literal is not of the type that is expected here.'],
    [
      'mutation { login(input: { email: "a@b", password: "x", color: hunter2 }) }',
      'A literal is not of the type that is expected here.',
    ],
    [
      'mutation { login(input: { email: "a@b", password: "x", color: "hunter2" }) }',
      'A literal is not of the type that is expected here.',
    ],
    [
      'mutation { login(input: { email: "a@b", password: null }) }',
      'A literal is not of the type that is expected here.',
    ],
    ['{ users(first: "hunter2") }', 'A literal is not of the type that is expected here.'],
    ['query ($a: Strin) { user(id: $a) }', 'There is no type "Strin".'],
    ['query ($a: LoginInput!) { user(id: $a) }', 'A variable of type "LoginInput!" does not fit where it is used.'],
    ['query { user(id: $a) }', 'The variable "$a" is not defined by the operation.'],
    ['query Q($a: ID) { me }', 'The variable "$a" is never used.'],
    ['{ me { id } }', 'The field "me" has no subfields.'],
    ['{ me @nope }', 'There is no directive "@nope".'],
    ['{ ...F }', 'There is no fragment "F".'],
    ['{ me } fragment F on Query { me }', 'The fragment "F" is never used.'],
    ['{ ...F } fragment F on Query { ...F }', 'The fragment "F" contains itself.'],
    ['{ ...F } fragment F on Mutation { __typename }', 'The fragment "F" does not fit here.'],
    ['query A { me } query A { me }', 'Only one operation may be named "A".'],
    ['{ a: user(id: "hunter2") a: user(id: "2") }', 'Selections of "a" conflict: give one of them an alias.'],
    ['{ __schema { types { name } } }', 'Introspection is off on this server.'],
    ['type T { a: Int } query Q { me }', 'The document does not fit the schema.'],
  ])('a document that does not fit the schema: %s', async (query, message) => {
    expect(await answers(query)).toContainEqual([400, 'GRAPHQL_VALIDATION_FAILED', message]);
  });

  test('names no type or field that the client did not write', async () => {
    const { text } = await server.ask('mutation { logn(input: { a: 1 }) register(input: { emial: "x" }) { id } }');
    expect(text).not.toMatch(/"(?:Mutation|RegisterInput|login|String)"|EmailAddress|displayName/);
  });

  test.each<[string, unknown, Record<string, string>, number]>([
    ['a batch', [{ query: '{ me }' }], {}, 400],
    ['an empty object', {}, {}, 400],
    ['no query', { variables: { a: 'hunter2' } }, {}, 400],
    ['a query that is a number', { query: 5 }, {}, 400],
    ['variables that are a text', { query: '{ me }', variables: 'hunter2' }, {}, 400],
    ['extensions that are a text', { query: '{ me }', extensions: 'hunter2' }, {}, 400],
    ['an operationName that is a number', { query: '{ me }', operationName: 5 }, {}, 400],
    ['an unknown operation', { query: 'query A { me }', operationName: 'hunter2' }, {}, 400],
    ['no choice of two operations', { query: 'query A { me } query B { me }' }, {}, 400],
    ['a form', { query: '{ me }' }, { 'content-type': 'text/plain' }, 400],
    ['an answer that nobody can give', { query: '{ me }' }, { accept: 'image/png' }, 406],
  ])('a request that holds no operation: %s is BAD_USER_INPUT', async (_name, body, headers, status) => {
    const { errors, text, ...answer } = await server.post(body, headers);
    expect(answer.status).toBe(status);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', requestId: 'request-1', fields: [] } }]);
    expect(text).not.toMatch(/hunter2|Apollo/);
  });

  test('each of those but the rarest has a text of its own', async () => {
    const bodies = [
      [],
      {},
      { a: 1 },
      { query: 5 },
      { query: '{ me }', variables: 'x' },
      { query: '{ me }', operationName: 5 },
    ];
    const texts = await Promise.all(bodies.map(async (body) => (await server.post(body)).errors[0]?.message));
    expect(new Set(texts).size).toBe(bodies.length);
    expect(texts).not.toContain('The request holds no operation that this server takes.');
  });

  test('persisted queries that are off look like unknown ones, which clients know how to answer', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    const { errors } = await server.post({ extensions });
    expect(errors).toMatchObject([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ]);
  });

  test('an AppError in a field has path and locations, and its neighbour an answer', async () => {
    const { status, data, errors } = await server.ask('{ me fails(code: "x") }');
    expect({ status, data }).toEqual({ status: 200, data: { me: 'me', fails: null } });
    expect(errors).toEqual([
      {
        message: 'The state has moved on.',
        path: ['fails'],
        locations: [{ line: 1, column: 6 }],
        extensions: { code: 'CONFLICT', requestId: 'request-1' },
      },
    ]);
  });

  test('any other error in a field is masked, and logged with its kind', async () => {
    server.logged.length = 0;
    const { errors, text } = await server.ask('{ fails(code: "TypeError") }');
    expect(errors).toMatchObject([{ path: ['fails'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect(text).not.toContain('secret');
    expect(server.logged).toMatchObject([{ facts: { error: 'TypeError', requestId: 'request-1' } }]);
  });

  test('a null that the schema forbids is logged with the field', async () => {
    server.logged.length = 0;
    expect(await answers('{ broken }')).toMatchObject([[200, 'INTERNAL_SERVER_ERROR', expect.any(String)]]);
    expect(server.logged).toMatchObject([{ facts: { nullField: 'Query.broken' } }]);
  });
});

test('a variable that graphql-js refuses in a field or as a whole is BAD_USER_INPUT, should the check of inputs miss it', () => {
  const inField = new GraphQLError('Argument "input" has invalid value {password: "hunter2"}.');
  for (const error of [
    new GraphQLError(inField.message, { path: ['login'], originalError: inField }),
    new GraphQLError('Argument "if" of non-null type "Boolean!" must not be null.'),
    apolloError('BAD_USER_INPUT', 'Variable "$input" got invalid value "hunter2"; nothing fits.'),
  ]) {
    expect(told(error)).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [] } });
    expect(JSON.stringify(told(error))).not.toContain('hunter2');
  }
});
