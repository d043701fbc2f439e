import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildClientSchema, getIntrospectionQuery, printSchema } from 'graphql';
import { describeSchema } from '../../src/schema.ts';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

let open: TestServer;
let closed: TestServer;
let ada: LoggedInClient;
beforeAll(async () => {
  open = await startTestServer(WITHOUT_LIMITS);
  closed = await startTestServer({
    ...WITHOUT_LIMITS,
    INTROSPECTION: 'off',
    SCHEMA_ENDPOINT: 'off',
    PLAYGROUND: 'off',
  });
  await closed.signUp('ada@example.com');
  ada = await closed.logIn('ada@example.com');
});
afterAll(async () => {
  await open.stop();
  await closed.stop();
});

describe('the schema where it is open', () => {
  test('is read by introspection, and as a file, and is the one in the repository', async () => {
    const answer = await open.anyone.send(getIntrospectionQuery());
    expect(printSchema(buildClientSchema(JSON.parse(answer.text).data))).toContain('type Mutation');
    const file = await fetch(`${open.url}/schema.graphql`);
    expect([file.status, await file.text()]).toEqual([200, readFileSync('schema/schema.graphql', 'utf8')]);
  });
});

describe('the schema where it is closed (v5.0.0-4.3.2)', () => {
  const WAYS: Readonly<Record<string, string>> = {
    'the standard query': getIntrospectionQuery(),
    __schema: '{ __schema { types { name } } }',
    __type: '{ __type(name: "User") { fields { name } } }',
    'an alias': '{ version: __schema { types { name } } }',
    'beside a field': '{ me { id } __schema { types { name } } }',
    'an inline fragment': '{ ... on Query { __schema { types { name } } } }',
    'a fragment': '{ ...F } fragment F on Query { __schema { types { name } } }',
    'an operation of that name': 'query IntrospectionQuery { __schema { types { name } } }',
    'a fragment of that name': '{ ...__schema } fragment __schema on Query { __type(name: "User") { name } }',
    'a mutation': 'mutation { __schema { types { name } } }',
    'a directive': '{ __schema @include(if: true) { types { name } } }',
    _service: '{ _service { sdl } }',
  };

  test.each(Object.entries(WAYS))('is not read by %s, logged in or not', async (_, document) => {
    for (const client of [closed.anyone, ada.client]) {
      const answer = await client.send(document);
      expect([answer.status, answer.code, answer.data]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED', undefined]);
      expect(answer.text).not.toMatch(/UserStatus|ProfileInput/);
    }
  });

  test('is no file, and there is no page', async () => {
    for (const path of ['/schema.graphql', '/', '/index.html', '/graphql/schema', '/schema.json']) {
      expect((await fetch(`${closed.url}${path}`)).status).toBe(404);
    }
    const page = await fetch(`${closed.url}/graphql`, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([405, expect.stringContaining('json')]);
  });

  test('leaves __typename, which clients need: the twin of the above', async () => {
    expect((await ada.client.send('{ __typename me { __typename } }')).data).toEqual({
      __typename: 'Query',
      me: { __typename: 'User' },
    });
  });
});

/** Names of the schema that none of the documents below holds. */
const names = Object.values(describeSchema().getTypeMap()).flatMap((type) => [
  type.name,
  ...('getFields' in type ? Object.keys(type.getFields()) : []),
  ...('getValues' in type ? type.getValues().map(({ name }) => name) : []),
]);
const wordsOf = (text: string) => new Set(text.match(/[A-Za-z_]\w+/g) ?? []);

describe('an answer to a near miss', () => {
  const MISSES: Readonly<Record<string, readonly [document: string, variables?: object]>> = {
    'a field': ['{ mee { id } }'],
    'a field of a type': ['{ me { emial } }'],
    'a mutation': ['mutation { registr(input: {}) { accepted } }'],
    'an argument': ['mutation { logout(inputs: {}) { loggedOut } }'],
    'an input field': ['mutation { login(input: { emial: "a@example.com", passwort: "x" }) { __typename } }'],
    'an input field in a variable': [
      'mutation M($input: LoginInput!) { login(input: $input) { __typename } }',
      { input: { emial: 'a@example.com', passwort: 'x' } },
    ],
    'an input field deep in a variable': [
      'mutation M($input: RegisterInput!) { register(input: $input) { accepted } }',
      { input: { email: 'a@example.com', password: 'x', profile: { addresss: { linez: [] } } } },
    ],
    'a value of an enum': [
      'mutation { login(input: { email: "a@example.com", password: "x", delivery: COOKY }) { __typename } }',
    ],
    'a value of an enum in a variable': [
      'mutation M($delivery: TokenDelivery) { login(input: { email: "a@example.com", password: "x", delivery: $delivery }) { __typename } }',
      { delivery: 'COOKY' },
    ],
    'a type': ['query Q($a: Usr) { me { id } }'],
    'a type of a fragment': ['{ me { ... on Usr { id } } }'],
    'a type of a variable': ['mutation M($input: LoginInputt!) { login(input: $input) { __typename } }', { input: {} }],
    'a directive': ['{ me @inclde(if: true) { id } }'],
    'a variable of the wrong type': [
      'mutation M($input: RegisterInput!) { login(input: $input) { __typename } }',
      { input: {} },
    ],
    'a selection that is missing': ['{ me }'],
    'a selection too many': ['{ me { id { x } } }'],
    'a fragment that does not fit': ['{ me { ...F } } fragment F on Role { id }'],
  };

  test.each(Object.entries(MISSES))('%s tells no name that it did not hold', async (_, [document, variables]) => {
    for (const client of [ada.client, open.anyone]) {
      const answer = await client.send(document, variables);
      expect(answer.errors.length).toBeGreaterThan(0);
      const sent = wordsOf(document + JSON.stringify(variables ?? {}));
      const told = wordsOf(
        answer.errors
          .map(({ message, extensions }) => `${message} ${JSON.stringify(extensions.fields ?? [])}`)
          .join(' '),
      );
      const fields = answer.errors.flatMap(({ extensions }) => extensions.fields ?? []).flatMap(({ path }) => path);
      // English words that are names, too; and the paths of what is missing in an input whose type the client named.
      const allowed = new Set([
        'at',
        'type',
        'field',
        'input',
        'message',
        'path',
        'code',
        'String',
        'address',
        'password',
        'email',
        ...fields,
      ]);
      const leaked = names.filter((name) => told.has(name) && !sent.has(name) && !allowed.has(name));
      expect(
        leaked.filter((name) => !['INVALID_FORMAT', 'REQUIRED', 'NOT_ALLOWED', 'TOO_SHORT', 'COMMON'].includes(name)),
      ).toEqual([]);
      expect(answer.text).not.toMatch(/did you mean/i);
    }
  });
});

describe('the keys that are published', () => {
  test('have their public halves alone', async () => {
    const response = await fetch(`${open.url}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
      expect(key).toMatchObject({
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        use: 'sig',
        x: expect.stringMatching(/^[\w-]{43}$/),
      });
    }
  });
});
