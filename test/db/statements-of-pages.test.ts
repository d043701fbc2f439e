import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { addBareUsers } from '../support/bare-users.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const FIELDS = `id email permissions roles { name } profile { displayName bio address { lines } }
  sessions { id current ip deviceName }`;
const PAGE = `query Page($first: Int, $after: String, $filter: UserFilter) {
  users(first: $first, after: $after, filter: $filter) { nodes { ${FIELDS} } pageInfo { endCursor hasNextPage } } }`;

let server: TestServer;
let support: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  support = await server.person('support@example.com', 'support');
  for (const name of ['ada', 'bea', 'cyd']) {
    await server.signUp(`${name}@example.com`, undefined, {
      displayName: name,
    });
    for (let login = 0; login < 3; login += 1) await server.logIn(`${name}@example.com`);
  }
  await addBareUsers(
    server.database,
    Array.from({ length: 110 }, (_, index) => ({
      createdAt: new Date(Date.UTC(2020, 0, 1, 0, 0, index)),
      roles: ['user', 'support'],
    })),
  );
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => server.stop());

/** The statements that a request sends to PostgreSQL, whoever of the server sends them. */
async function statementsOf(variables: object, query = PAGE) {
  await support.client.send('{ me { id } }');
  const statements: string[] = [];
  const send = pg.Client.prototype.query;
  jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [statement] = args;
    statements.push(typeof statement === 'string' ? statement : (statement as { text: string }).text);
    return Reflect.apply(send, this, args);
  });
  const answer = await support.client.send(query, variables);
  jest.restoreAllMocks();
  expect(answer.errors).toEqual([]);
  // The workers beside requests look for work whenever they like.
  const ofRequest = statements.filter((text) => !/FROM (?:mails|address_jobs)|SKIP LOCKED|^SELECT 1$/.test(text));
  return { data: answer.data, statements: ofRequest };
}

describe('a page of users with roles, permissions, profile and sessions', () => {
  test('takes as many statements for 100 users as for one', async () => {
    const one = await statementsOf({ first: 1 });
    const hundred = await statementsOf({ first: 100 });
    expect(one.data['users'].nodes).toHaveLength(1);
    expect(hundred.data['users'].nodes).toHaveLength(100);
    expect(hundred.data['users'].nodes.map(({ sessions }: { sessions: object[] }) => sessions.length)).toContain(3);
    expect(hundred.statements).toEqual(one.statements);
  });

  test('takes these, and no others', async () => {
    const { statements } = await statementsOf({ first: 100 });
    const kindOf = (text: string) => /^\w+/.exec(text.trim())?.[0];
    const viewer = 'SELECT';
    const hold = 'SELECT';
    expect(statements.map(kindOf)).toEqual([
      viewer,
      ...['START', hold, 'WITH', 'WITH', 'COMMIT'],
      ...['START', hold, 'SELECT', 'WITH', 'COMMIT'],
    ]);
    expect(statements.filter((text) => text.includes('INSERT INTO audit_events'))).toHaveLength(2);
  });

  test('takes one more for each thing that is looked up first: a page before, a role, an address', async () => {
    const plain = await statementsOf({ first: 2 });
    const { endCursor } = plain.data['users'].pageInfo;
    const count = async (variables: object) =>
      (await statementsOf(variables)).statements.length - plain.statements.length;
    expect(await count({ first: 2, after: endCursor })).toBe(1);
    expect(await count({ first: 2, filter: { role: 'user' } })).toBe(1);
    expect(await count({ first: 2, filter: { status: 'ACTIVE' } })).toBe(0);
    expect(
      await count({
        first: 2,
        filter: { email: 'ada@example.com', role: 'user' },
      }),
    ).toBe(2);
  });

  test('asks for no sessions where none are selected', async () => {
    const { statements } = await statementsOf({}, '{ users { nodes { id } } }');
    expect(statements.filter((text) => text.includes('user_id = ANY'))).toEqual([]);
  });
});
