import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer, Client } from '../support/client.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const log = recordingLogger();
let server: TestServer;
let ada: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, ACCESS_TOKEN_SECONDS: '3600' }, undefined, log);
  ada = await server.person('ada@example.com');
});
afterAll(() => server.stop());

/** Of an answer all that a client can tell apart, save what differs in any two. */
const seen = ({ status, headers, text }: Answer) => {
  const id = headers.get('x-request-id') ?? '';
  const others = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status, headers: Object.fromEntries(others), body: text.replaceAll(id, 'ID') };
};

let texts = 0;
/** The same request twice: of a document that is new to the server, and of one that has passed all its checks. */
async function twice(client: Client, query: string, more?: object) {
  const [fresh, known] = [`${query} # ${texts++}`, `${query} # ${texts++}`];
  await server.anyone.send(known);
  return [seen(await client.send(fresh, undefined, more)), seen(await client.send(known, undefined, more))] as const;
}

const ME = 'query Me { me { id email emailVerified roles { name } profile { displayName } } }';
const TWO = 'query A { serverInfo { version } } query B { me { id } }';
const FIND = 'query Find($id: ID!) { user(id: $id) { id email } }';
const DEFAULTED = 'query Find($id: ID = 7) { user(id: $id) { id email } }';
const RENAME =
  'mutation Rename($input: UpdateProfileInput!) { updateProfile(input: $input) { user { profile { displayName } } } }';
const WRONG = 'mutation In($input: LoginInput!) { login(input: $input) { ... on LoggedIn { accessToken } } }';
const ID = '019364a1-7c3a-7000-8000-00000000000a';

describe('an operation whose document is known is answered as it was when it was new', () => {
  test.each<[what: string, client: () => Client, query: string, more: object]>([
    ['a read', () => ada.client, ME, {}],
    ['a read of nobody', () => server.anyone, ME, {}],
    ['a read with a bad token', () => server.anyone.as('a.b.c'), ME, {}],
    ['one of two operations', () => ada.client, TWO, { operationName: 'B' }],
    ['neither of two operations', () => ada.client, TWO, {}],
    ['an operation that is not there', () => ada.client, ME, { operationName: 'You' }],
    ['an operation without a name', () => ada.client, ME, { operationName: '' }],
    ['a name that is no text', () => ada.client, ME, { operationName: 7 }],
    ['a name that is null', () => ada.client, ME, { operationName: null }],
    ['variables', () => ada.client, FIND, { variables: { id: ID } }],
    ['a variable more', () => ada.client, FIND, { variables: { id: ID, more: 1 } }],
    ['a variable of another type', () => ada.client, FIND, { variables: { id: {} } }],
    ['a missing variable', () => ada.client, FIND, {}],
    ['a variable that is null', () => ada.client, FIND, { variables: { id: null } }],
    ['a null where a default is not null', () => ada.client, DEFAULTED, { variables: { id: null } }],
    ['several faults in one variable', () => ada.client, RENAME, { variables: { input: { displayName: 7, more: 1 } } }],
    ['variables that are a list', () => ada.client, FIND, { variables: [ID] }],
    ['variables that are a text', () => ada.client, FIND, { variables: '{}' }],
    ['a list for no variables', () => ada.client, ME, { variables: [] }],
    ['extensions', () => ada.client, ME, { extensions: { a: 1 } }],
    ['extensions that are a text', () => ada.client, ME, { extensions: 'a' }],
    ['a change', () => ada.client, RENAME, { variables: { input: { displayName: 'Ada' } } }],
    [
      'a change that is bad input',
      () => ada.client,
      RENAME,
      { variables: { input: { displayName: 'a'.repeat(500) } } },
    ],
    ['a change that nobody may make', () => server.anyone, RENAME, { variables: { input: { displayName: 'Ada' } } }],
    [
      'a login that fails',
      () => server.anyone,
      WRONG,
      { variables: { input: { email: 'eve@example.com', password: 'no' } } },
    ],
    ['a client of before the specification', () => server.anyone.with({ accept: 'application/json' }), ME, {}],
    ['the answer’s own type', () => ada.client.with({ accept: 'application/graphql-response+json' }), ME, {}],
    ['what some may read', () => ada.client, '{ roles { name } auditEvents(first: 1) { nodes { id } } me { id } }', {}],
    [
      'aliases, fragments and directives',
      () => ada.client,
      'query Q { a: me { ...F } me @skip(if: true) { id } } fragment F on User { __typename id }',
      {},
    ],
  ])('%s', async (_, client, query, more) => {
    const [fresh, known] = await twice(client(), query, more);
    expect(known).toEqual(fresh);
  });

  test('an error inside, which the log has each time', async () => {
    const before = log.lines.length;
    await server.database.query('ALTER TABLE sessions RENAME TO sessions_away');
    const [fresh, known] = await twice(ada.client, ME);
    await server.database.query('ALTER TABLE sessions_away RENAME TO sessions');
    expect(fresh.body).toContain('INTERNAL_SERVER_ERROR');
    expect(known).toEqual(fresh);
    const lines = log.lines.slice(before).filter(({ message }) => message === 'unexpected error');
    expect(lines.map(({ facts }) => facts['requestId'])).toHaveLength(2);
  });
});

describe('of an operation whose document is known the trail tells', () => {
  test('each refusal of somebody known', async () => {
    await twice(ada.client, 'query Peek { auditEvents(first: 1) { nodes { id } } }');
    const find = () =>
      server.database.query(
        `SELECT type, actor_id, details->>'field' AS field FROM audit_events WHERE operation_name = 'Peek'`,
      );
    await until('the trail tells of each', async () => (await find()).length === 2);
    const told = { type: 'access.denied', actor_id: ada.userId, field: 'auditEvents' };
    expect(await find()).toEqual([told, told]);
  });
});
