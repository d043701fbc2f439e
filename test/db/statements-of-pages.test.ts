import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { addBareUsers } from '../support/bare-users.ts';
import type { Answer } from '../support/client.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';
import { StatementRecorder } from '../support/statements.ts';

const FIELDS = `id email permissions roles { name } profile { displayName bio address { lines } }
  sessions { id current ip deviceName }`;
const PAGE = `query Page($first: Int, $after: String, $filter: UserFilter) {
  users(first: $first, after: $after, filter: $filter) { nodes { ${FIELDS} } pageInfo { endCursor hasNextPage } } }`;

let server: TestServer;
let support: LoggedInClient;
let recorder: StatementRecorder;
beforeAll(async () => {
  recorder = new StatementRecorder();
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
afterAll(async () => {
  await server.stop();
  recorder.stop();
});

/** The answer, and its statements: the fewest of three askings, since a worker's that nobody thought of can only add some. */
async function ask(variables: object, query = PAGE) {
  const askings: { data: Answer['data']; statements: readonly string[] }[] = [];
  for (let asking = 0; asking < 3; asking += 1) {
    await support.client.send('{ me { id } }');
    let answer: Answer | undefined;
    const statements = await recorder.during(async () => {
      answer = await support.client.send(query, variables);
    });
    expect(answer?.errors).toEqual([]);
    askings.push({ data: answer?.data ?? {}, statements });
  }
  const [fewest] = askings.sort((a, b) => a.statements.length - b.statements.length);
  if (!fewest) throw new Error('Nothing was asked');
  return fewest;
}

describe('a page of users with roles, permissions, profile and sessions', () => {
  test('takes as many statements for 100 users as for two', async () => {
    const two = await ask({ first: 2 });
    const hundred = await ask({ first: 100 });
    expect(two.data['users'].nodes).toHaveLength(2);
    expect(hundred.data['users'].nodes).toHaveLength(100);
    expect(hundred.data['users'].nodes.map(({ sessions }: { sessions: object[] }) => sessions.length)).toContain(3);
    expect(hundred.statements).toEqual(two.statements);
  });

  test('takes these, and no others', async () => {
    const { statements } = await ask({ first: 100 });
    const kindOf = (text: string) => /^\w+/.exec(text.trim())?.[0];
    const viewer = 'SELECT';
    /** The reader's session, and their key. */
    const hold = ['SELECT', 'SELECT'];
    expect(statements.map(kindOf)).toEqual([
      viewer,
      ...['WITH', 'WITH'],
      ...['START', ...hold, 'SELECT', 'WITH', 'COMMIT'],
    ]);
    expect(statements.filter((text) => text.includes('INSERT INTO audit_events'))).toHaveLength(2);
  });

  test('takes one more for each thing that is looked up first: a page before, a role, an address', async () => {
    const plain = await ask({ first: 2 });
    const { endCursor } = plain.data['users'].pageInfo;
    const count = async (variables: object) => (await ask(variables)).statements.length - plain.statements.length;
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
    const { statements } = await ask({}, '{ users { nodes { id } } }');
    expect(statements.filter((text) => text.includes('user_id = ANY'))).toEqual([]);
  });
});
