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
/** The same request thrice: its document is new to the server, then known, then known again. */
async function thrice(client: Client, query: string, variables?: object, extra?: object) {
  const text = `${query} # ${texts++}`;
  const answers = [];
  for (let turn = 0; turn < 3; turn += 1) answers.push(seen(await client.send(text, variables, extra)));
  return answers;
}

const ME = 'query Me { me { id email emailVerified roles { name } profile { displayName } } }';
const TWO = 'query A { serverInfo { version } } query B { me { id } }';
const FIND = 'query Find($id: ID!) { user(id: $id) { id email } }';
const RENAME =
  'mutation Rename($input: UpdateProfileInput!) { updateProfile(input: $input) { user { profile { displayName } } } }';
const WRONG = 'mutation In($input: LoginInput!) { login(input: $input) { ... on LoggedIn { accessToken } } }';
const ID = '019364a1-7c3a-7000-8000-00000000000a';

describe('an operation whose document is known is answered as it was when it was new', () => {
  test.each<[string, () => Client, string, object?, object?]>([
    ['a read', () => ada.client, ME],
    ['a read of nobody', () => server.anyone, ME],
    ['a read with a bad token', () => server.anyone.as('a.b.c'), ME],
    ['one of two operations', () => ada.client, TWO, undefined, { operationName: 'B' }],
    ['neither of two operations', () => ada.client, TWO],
    ['an operation that is not there', () => ada.client, ME, undefined, { operationName: 'You' }],
    ['an operation without a name', () => ada.client, ME, undefined, { operationName: '' }],
    ['a name that is no text', () => ada.client, ME, undefined, { operationName: 7 }],
    ['a name that is null', () => ada.client, ME, undefined, { operationName: null }],
    ['variables', () => ada.client, FIND, { id: ID }],
    ['a variable more', () => ada.client, FIND, { id: ID, more: 1 }],
    ['a variable of another type', () => ada.client, FIND, { id: {} }],
    ['a missing variable', () => ada.client, FIND],
    ['variables that are a list', () => ada.client, FIND, undefined, { variables: [ID] }],
    ['variables that are a text', () => ada.client, FIND, undefined, { variables: '{}' }],
    ['a list for no variables', () => ada.client, ME, undefined, { variables: [] }],
    ['extensions', () => ada.client, ME, undefined, { extensions: { a: 1 } }],
    ['extensions that are a text', () => ada.client, ME, undefined, { extensions: 'a' }],
    ['a change', () => ada.client, RENAME, { input: { displayName: 'Ada' } }],
    ['a change that is bad input', () => ada.client, RENAME, { input: { displayName: 'a'.repeat(500) } }],
    ['a change that nobody may make', () => server.anyone, RENAME, { input: { displayName: 'Ada' } }],
    ['a login that fails', () => server.anyone, WRONG, { input: { email: 'eve@example.com', password: 'no' } }],
    ['a client of before the specification', () => server.anyone.with({ accept: 'application/json' }), ME],
    ['the answer’s own type', () => ada.client.with({ accept: 'application/graphql-response+json' }), ME],
    ['what some may read', () => ada.client, '{ roles { name } auditEvents(first: 1) { nodes { id } } me { id } }'],
    [
      'aliases, fragments and directives',
      () => ada.client,
      'query Q { a: me { ...F } me @skip(if: true) { id } } fragment F on User { __typename id }',
    ],
  ])('%s', async (...[, client, query, variables, extra]) => {
    const [first, ...others] = await thrice(client(), query, variables, extra);
    expect(others).toEqual([first, first]);
  });

  test('an error inside, which the log has each time', async () => {
    const before = log.lines.length;
    await server.database.query('ALTER TABLE sessions RENAME TO sessions_away');
    const [first, ...others] = await thrice(ada.client, ME);
    await server.database.query('ALTER TABLE sessions_away RENAME TO sessions');
    expect(first?.body).toContain('INTERNAL_SERVER_ERROR');
    expect(others).toEqual([first, first]);
    const lines = log.lines.slice(before).filter(({ message }) => message === 'unexpected error');
    expect(lines.map(({ facts }) => facts['requestId'])).toHaveLength(3);
  });
});

describe('of an operation whose document is known the trail tells', () => {
  test('each refusal of somebody known', async () => {
    await thrice(ada.client, 'query Peek { auditEvents(first: 1) { nodes { id } } }');
    const find = () =>
      server.database.query(
        `SELECT type, actor_id, details->>'field' AS field FROM audit_events WHERE operation_name = 'Peek'`,
      );
    await until('the trail tells of each', async () => (await find()).length === 3);
    const told = { type: 'access.denied', actor_id: ada.userId, field: 'auditEvents' };
    expect(await find()).toEqual([told, told, told]);
  });
});
