import { ApolloServer } from '@apollo/server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Credentials, RequestContext } from '../../src/access/request-context.ts';
import { auditPlugin, makeOperationAudit, type RefusedField } from '../../src/graphql/audit-plugin.ts';
import { AppError, type ErrorCode } from '../../src/platform/errors.ts';
import type { SessionId, UserId } from '../../src/platform/ids.ts';

const LOGGED_IN: Credentials = {
  kind: 'access-token',
  userId: '019364a1-7c3a-7000-8000-00000000000a' as UserId,
  sessionId: '019364a1-7c3a-7000-8000-00000000000c' as SessionId,
  generation: 0,
  kid: 'k1',
};
const NOBODY: Credentials = { kind: 'none' };
const PAST_ITS_TIME: Credentials = { kind: 'refused', code: 'TOKEN_EXPIRED' };

const typeDefs = `
  type Query { me(code: String): User other: User count(of: Int!): Int }
  type User { id: ID! email(code: String): String }
  type Mutation { login(code: String): User logout(code: String): Boolean take(of: Int!): Int }
`;

const recorded = new WeakSet<object>();
let isRecordedByService = false;
function fail(code: string | undefined): void {
  if (code === undefined) return;
  if (code === 'CRASH') throw new Error('duplicate key (email)=(anna@example.com)');
  const error = new AppError(code as ErrorCode, 'Refused.');
  if (isRecordedByService) recorded.add(error);
  throw error;
}
const user = { id: '1', email: ({ code }: { code?: string }) => fail(code) ?? 'anna@example.com' };
const root =
  (answer: unknown) =>
  (_: unknown, { code }: { code?: string }) =>
    fail(code) ?? answer;
const resolvers = {
  Query: { me: root(user), other: root(user), count: () => 1 },
  Mutation: { login: root(user), logout: root(true), take: () => 1 },
};

const refused: RefusedField[] = [];
const hidden: number[] = [];
const server = new ApolloServer<RequestContext>({
  typeDefs,
  resolvers,
  plugins: [
    auditPlugin(
      makeOperationAudit({
        refused: (_, refusal) => refused.push(refusal),
        hidden: (_, fields) => hidden.push(fields),
        failed: () => undefined,
        isRecorded: (error) => typeof error === 'object' && error !== null && recorded.has(error),
      }),
    ),
  ],
});

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  refused.length = 0;
  hidden.length = 0;
  isRecordedByService = false;
});

async function run(query: string, credentials = LOGGED_IN, { hiddenFields = 0, variables = {} } = {}) {
  const contextValue = { credentials, hiddenFields } as RequestContext;
  await server.executeOperation({ query, variables }, { contextValue });
  return refused;
}

describe('of a mutation the audit plugin hands on', () => {
  test('each root field that failed, once, by its name in the schema', async () => {
    expect(await run('mutation { a: login(code: "INVALID_CREDENTIALS") { id } b: logout(code: "FORBIDDEN") }')).toEqual(
      [
        { operation: 'MUTATION', field: 'login', code: 'INVALID_CREDENTIALS' },
        { operation: 'MUTATION', field: 'logout', code: 'FORBIDDEN' },
      ],
    );
  });

  test('nothing when it succeeded, and nothing of its neighbour that did', async () => {
    expect(await run('mutation { login { id } }')).toEqual([]);
    expect(await run('mutation { login { id } logout(code: "BUSY") }')).toHaveLength(1);
  });

  test.each(['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'BUSY', 'BAD_USER_INPUT'])(
    '%s, also of nobody known',
    async (code) => {
      expect(await run(`mutation { logout(code: "${code}") }`, NOBODY)).toEqual([
        { operation: 'MUTATION', field: 'logout', code },
      ]);
    },
  );

  test('a fault of ours as INTERNAL_SERVER_ERROR, without its message', async () => {
    expect(await run('mutation { logout(code: "CRASH") }')).toEqual([
      { operation: 'MUTATION', field: 'logout', code: 'INTERNAL_SERVER_ERROR' },
    ]);
  });

  test('one refusal where a variable was wrong and nothing ran', async () => {
    await run('mutation ($of: Int!) { a: take(of: $of) b: take(of: $of) }', LOGGED_IN, {
      variables: { of: 'hunter2' },
    });
    expect(refused).toEqual([{ operation: 'MUTATION', field: 'take', code: 'BAD_USER_INPUT' }]);
  });

  test('fields in fragments too', async () => {
    await run('mutation { ...F } fragment F on Mutation { ... { out: logout(code: "FORBIDDEN") } }');
    expect(refused).toEqual([{ operation: 'MUTATION', field: 'logout', code: 'FORBIDDEN' }]);
  });

  test('not what a limit refused, which has its own two rows', async () => {
    expect(await run('mutation { login(code: "RATE_LIMITED") { id } }')).toEqual([]);
  });

  test('not what a service has recorded with an event of its own', async () => {
    isRecordedByService = true;
    expect(await run('mutation { login(code: "INVALID_CREDENTIALS") { id } }')).toEqual([]);
  });

  test('not an error below its answer as its failure: the change was made', async () => {
    expect(await run('mutation { login { id email(code: "CRASH") } }')).toEqual([]);
  });

  test('nothing of a document that is not valid', async () => {
    expect(await run('mutation { nothing }')).toEqual([]);
    expect(await run('mutation {')).toEqual([]);
  });
});

describe('of a query it hands on', () => {
  test.each(['FORBIDDEN', 'REAUTHENTICATION_REQUIRED', 'ACTION_REQUIRED', 'UNAUTHENTICATED'])(
    '%s of somebody known',
    async (code) => {
      expect(await run(`{ me(code: "${code}") { id } other { id } }`)).toEqual([
        { operation: 'QUERY', field: 'me', code },
      ]);
    },
  );

  test('a denial further down, as one of its root field', async () => {
    await run('{ me { a: email(code: "FORBIDDEN") b: email(code: "ACTION_REQUIRED") } }');
    expect(refused).toEqual([{ operation: 'QUERY', field: 'me', code: 'FORBIDDEN' }]);
  });

  test.each([NOBODY, PAST_ITS_TIME])('no request to log in of somebody unknown', async (credentials) => {
    expect(await run('{ me(code: "UNAUTHENTICATED") { id } }', credentials)).toEqual([]);
    expect(await run('{ me(code: "TOKEN_EXPIRED") { id } }', credentials)).toEqual([]);
  });

  test.each(['BUSY', 'CRASH', 'RATE_LIMITED', 'NOT_FOUND'])('not %s, which denies nothing', async (code) => {
    expect(await run(`{ me(code: "${code}") { id } }`)).toEqual([]);
  });

  test('values that were kept back silently, once an operation', async () => {
    await run('{ other { email } }', LOGGED_IN, { hiddenFields: 3 });
    expect(hidden).toEqual([3]);
    await run('{ me { email } }');
    expect(hidden).toEqual([3]);
  });
});
