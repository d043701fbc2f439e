import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery, print } from 'graphql';
import relay from 'relay-runtime';
import { documentIdOf } from '../../src/graphql/document-id.ts';
import type { Answer } from '../support/client.ts';
import { byId, writeManifest } from '../support/manifest-file.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const VERSION = 'query Version { serverInfo { version } }';
const TWO = 'query First { serverInfo { version } } query Second { serverInfo { registrationOpen } }';
const GUESS = `mutation Guess($input: LoginInput!) { login(input: $input) { __typename } }`;
/** As Apollo Client prints it, and with the `__typename` that it adds. */
const APOLLO = gql`
  query FromApollo {
    serverInfo {
      version
      __typename
    }
  }
`;
const FREE = 'query Free { serverInfo { registrationOpen } }';
const UNKNOWN = 'a'.repeat(64);

const file = writeManifest(byId(VERSION, TWO, GUESS, print(APOLLO)));
const servers: Record<string, TestServer> = {};
const serverOf = (mode: string): TestServer => {
  const server = servers[mode];
  if (!server) throw new TypeError(`No server with ${mode}`);
  return server;
};

beforeAll(async () => {
  servers['off'] = await startTestServer();
  servers['prefer'] = await startTestServer({ TRUSTED_DOCUMENTS: 'prefer', TRUSTED_DOCUMENTS_FILE: file });
  servers['require'] = await startTestServer({ TRUSTED_DOCUMENTS: 'require', TRUSTED_DOCUMENTS_FILE: file });
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop();
});

const send = (mode: string, body: object): Promise<Answer> => serverOf(mode).anyone.post(JSON.stringify(body));
const outcome = ({ status, code, data }: Answer) => code ?? [status, Object.keys(data['serverInfo'] ?? {})];
const RAN = [200, ['version']];
const RAN_FREE = [200, ['registrationOpen']];
const NOT_FOUND = 'PERSISTED_QUERY_NOT_FOUND';

/** The three forms in which clients name a document. */
const FORMS: Readonly<Record<string, (id: unknown) => object>> = {
  'extensions.persistedQuery': (sha256Hash) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } }),
  documentId: (documentId) => ({ documentId }),
  'documentId with its algorithm': (id) => ({ documentId: `sha256:${id}` }),
  doc_id: (doc_id) => ({ doc_id }),
};

describe.each(Object.entries(FORMS))('a document named by %s', (_, named) => {
  test.each([
    ['off', NOT_FOUND],
    ['prefer', RAN],
    ['require', RAN],
  ])('that is in the manifest, with %s', async (mode, expected) => {
    expect(outcome(await send(mode, named(documentIdOf(VERSION))))).toEqual(expected);
    expect(outcome(await send(mode, { ...named(documentIdOf(VERSION)), query: null }))).toEqual(expected);
    expect(outcome(await send(mode, { ...named(documentIdOf(VERSION)), query: '' }))).toEqual(expected);
  });

  test.each(['off', 'prefer', 'require'])('runs with its own text where it is known, with %s', async (mode) => {
    expect(outcome(await send(mode, { ...named(documentIdOf(VERSION)), query: VERSION }))).toEqual(RAN);
  });

  test.each(['off', 'prefer', 'require'])('that nobody knows is not found, with %s', async (mode) => {
    for (const id of [UNKNOWN, 'nonsense', '', '__proto__', 'constructor']) {
      expect(outcome(await send(mode, named(id)))).toBe(NOT_FOUND);
    }
  });

  test.each([
    ['off', RAN_FREE],
    ['prefer', RAN_FREE],
    ['require', NOT_FOUND],
  ])('with a text of its own runs that, and it is not kept, with %s', async (mode, expected) => {
    const body = named(documentIdOf(FREE));
    for (let round = 0; round < 3; round++)
      expect(outcome(await send(mode, { ...body, query: FREE }))).toEqual(expected);
    expect(outcome(await send(mode, body))).toBe(NOT_FOUND);
  });

  test.each(['off', 'prefer', 'require'])('with the text of another is bad input, with %s', async (mode) => {
    for (const id of [documentIdOf(VERSION), UNKNOWN, documentIdOf(FREE).toUpperCase()]) {
      const answer = await send(mode, { ...named(id), query: FREE });
      expect([answer.status, answer.code, answer.errors[0]?.extensions.fields]).toEqual([400, 'BAD_USER_INPUT', []]);
    }
  });
});

describe('a request with an id', () => {
  test('gives operationName, variables and other extensions on', async () => {
    const documentId = documentIdOf(TWO);
    const extensions = { trace: 'x' };
    const second = await send('require', { documentId, operationName: 'Second', extensions });
    expect(outcome(second)).toEqual(RAN_FREE);
    expect((await send('require', { documentId })).code).toBe('BAD_USER_INPUT');
    const input = { email: 'nobody@example.com', password: 'a wrong password' };
    expect((await send('require', { doc_id: documentIdOf(GUESS), variables: { input } })).code).toBe(
      'INVALID_CREDENTIALS',
    );
  });

  const known = documentIdOf(VERSION);
  test.each<[string, object]>([
    ['two different ids', { documentId: known, doc_id: documentIdOf(FREE) }],
    ['a number for an id', { documentId: 7 }],
    ['a list for an id', { doc_id: [known] }],
    ['an extension that is no object', { extensions: { persistedQuery: known } }],
    ['an extension without a hash', { extensions: { persistedQuery: { version: 1 } } }],
    ['an extension of another version', { extensions: { persistedQuery: { version: 2, sha256Hash: known } } }],
    ['a text that is none', { documentId: known, query: { kind: 'Document' } }],
  ])('is bad input with %s', async (_, body) => {
    for (const mode of ['prefer', 'require']) {
      const answer = await send(mode, body);
      expect([answer.status, answer.code]).toEqual([400, 'BAD_USER_INPUT']);
      expect(answer.errors[0]?.extensions.requestId).toBe(answer.headers.get('x-request-id'));
    }
  });

  test('is answered when it names the same one in every form', async () => {
    const persistedQuery = { version: 1, sha256Hash: known };
    const body = { documentId: known, doc_id: known, extensions: { persistedQuery } };
    expect(outcome(await send('require', body))).toEqual(RAN);
  });
});

describe('where trusted documents alone run', () => {
  test.each<[string, string]>([
    ['free text', FREE],
    ['the text of a trusted document without its id', VERSION],
    ['introspection', getIntrospectionQuery()],
    ['a type’s introspection', '{ __type(name: "User") { name } }'],
    ['what does not parse', '{'],
  ])('%s is refused, whose twin with `prefer` is not', async (_, query) => {
    const refused = await send('require', { query });
    expect([refused.status, refused.code, refused.data]).toEqual([400, NOT_FOUND, undefined]);
    expect((await send('prefer', { query })).code).not.toBe(NOT_FOUND);
  });

  test('a guess of a password as free text checks none', async () => {
    const server = serverOf('require');
    const query = 'mutation { login(input: { email: "nobody@example.com", password: "guess" }) { __typename } }';
    const failures = async () =>
      (await server.database.query(`SELECT count(*)::int AS n FROM audit_events WHERE type LIKE 'login%'`))[0].n;
    const before = await failures();
    expect((await send('require', { query })).code).toBe(NOT_FOUND);
    expect(await failures()).toBe(before);
  });

  test('there is no playground, and the page says why', async () => {
    const response = await fetch(`${serverOf('require').url}/`);
    const body = (await response.json()) as { errors: { extensions: { code: string }; message: string }[] };
    expect([response.status, body.errors[0]?.extensions.code]).toEqual([404, NOT_FOUND]);
    expect(body.errors[0]?.message).toContain('TRUSTED_DOCUMENTS=require');
    expect((await fetch(`${serverOf('prefer').url}/`)).status).toBe(200);
  });

  test('the schema is still served for codegen', async () => {
    expect(await (await fetch(`${serverOf('require').url}/schema.graphql`)).text()).toContain('type Query');
  });
});

test('a manifest that holds what this server would not run stops the start', async () => {
  const faulty = writeManifest(byId('{ nobody }'));
  await expect(startTestServer({ TRUSTED_DOCUMENTS: 'require', TRUSTED_DOCUMENTS_FILE: faulty })).rejects.toThrow(
    'Cannot query field "nobody"',
  );
});

describe('Apollo Client’s own persisted queries', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const ask = async (mode: string, query: typeof APOLLO) => {
    const bodies: { query?: string; extensions?: object }[] = [];
    const watched: typeof fetch = (url, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return fetch(url, init);
    };
    const link = ApolloLink.from([
      new PersistedQueryLink({ sha256 }),
      new HttpLink({ uri: `${serverOf(mode).url}/graphql`, fetch: watched }),
    ]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    try {
      const { data } = await client.query<{ serverInfo: object }>({ query, errorPolicy: 'none' });
      return { data: data?.serverInfo, texts: bodies.map((body) => body.query) };
    } catch (error) {
      return { error: String(error), texts: bodies.map((body) => body.query) };
    } finally {
      client.stop();
    }
  };

  test('get a trusted document by its id alone', async () => {
    for (const mode of ['prefer', 'require']) {
      const { data, texts } = await ask(mode, APOLLO);
      expect(data).toMatchObject({ version: expect.any(String) });
      expect(texts).toEqual([undefined]);
    }
  });

  test('send the text after a refusal, and it runs where texts may', async () => {
    const query = gql(FREE);
    for (const mode of ['off', 'prefer']) {
      const { data, texts } = await ask(mode, query);
      expect(data).toMatchObject({ registrationOpen: true });
      expect(texts).toEqual([undefined, expect.stringContaining('registrationOpen')]);
    }
    const { error, texts } = await ask('require', query);
    expect(texts).toHaveLength(2);
    expect(error).toMatch(/PersistedQueryNotFound|400/);
  });
});

describe('Relay’s own network layer', () => {
  const { Environment, fetchQuery, Network, RecordSource, Store } = relay;
  /** What relay-compiler writes for `query Version`, with persistConfig: no text, an id. */
  const compiled = (id: string): Parameters<typeof fetchQuery>[1] => {
    const scalar = (name: string) => ({ alias: null, args: null, kind: 'ScalarField', name, storageKey: null });
    const selections = [
      {
        alias: null,
        args: null,
        concreteType: 'ServerInfo',
        kind: 'LinkedField',
        name: 'serverInfo',
        plural: false,
        selections: [scalar('version')],
        storageKey: null,
      },
    ];
    const node = {
      fragment: {
        argumentDefinitions: [],
        kind: 'Fragment',
        metadata: null,
        name: 'Version',
        selections,
        type: 'Query',
      },
      kind: 'Request',
      operation: { argumentDefinitions: [], kind: 'Operation', name: 'Version', selections },
      params: { id, cacheID: id, metadata: {}, name: 'Version', operationKind: 'query', text: null },
    };
    return node as unknown as Parameters<typeof fetchQuery>[1];
  };
  const ask = (mode: string, id: string) => {
    const network = Network.create(async ({ id: doc_id, text }, variables) => {
      const response = await fetch(`${serverOf(mode).url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ doc_id, query: text, variables }),
      });
      return JSON.parse(await response.text());
    });
    const environment = new Environment({ network, store: new Store(new RecordSource()) });
    return fetchQuery(environment, compiled(id), {}).toPromise();
  };

  test('sends doc_id and no text, and gets the document run', async () => {
    for (const mode of ['prefer', 'require']) {
      expect(await ask(mode, documentIdOf(VERSION))).toMatchObject({ serverInfo: { version: expect.any(String) } });
    }
    await expect(ask('require', UNKNOWN)).rejects.toThrow('PersistedQueryNotFound');
  });
});
