import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { countEvents, login, until } from '../support/account-acts.ts';
import type { Answer, Client } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { shortestTime } from '../support/shortest-time.ts';

let server: TestServer;
let ada: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer();
  await server.signUp('ada@example.com');
  ada = await server.logIn('ada@example.com');
});
afterAll(() => server.stop());

const times = (count: number, write: (number: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at)).join(' ');
const nested = (levels: number, inner: string) => `${'... on User { '.repeat(levels)}${inner}${' }'.repeat(levels)}`;

/** Documents of so many of what each limit counts. */
const DOCUMENTS: Readonly<Record<string, { readonly limit: number; readonly write: (count: number) => string }>> = {
  'depth, in inline fragments': { limit: 12, write: (count) => `{ me { ${nested(count - 2, 'id')} } }` },
  'depth, in fragments that spread each other': {
    limit: 12,
    write: (count) =>
      `{ me { ...F0 } } ${times(count - 3, (at) => `fragment F${at} on User { ...F${at + 1} }`)} fragment F${count - 3} on User { id }`,
  },
  cost: { limit: 500, write: (count) => `{ me { ${times(count - 1, () => 'id')} } }` },
  'cost, in a fragment spread often': {
    limit: 500,
    write: (count) =>
      `{ me { ${times(9, () => '...F')} ${times(count - 451, () => 'id')} } } fragment F on User { ${times(50, () => 'id')} }`,
  },
  aliases: { limit: 20, write: (count) => `{ me { ${times(count, (at) => `a${at}: id`)} } }` },
  'aliases, in a fragment spread often': {
    limit: 20,
    write: (count) =>
      `{ me { ${times(4, () => '...F')} ${times(count - 16, (at) => `b${at}: id`)} } } fragment F on User { ${times(4, (at) => `a${at}: id`)} }`,
  },
  directives: { limit: 50, write: (count) => `{ me { ${times(count, () => 'id @include(if: true)')} } }` },
  'root fields': { limit: 10, write: (count) => `{ ${times(count, () => 'me { id }')} }` },
  'root fields, in fragments': {
    limit: 10,
    write: (count) =>
      `{ ${times(2, () => '...F')} ... { ${times(count - 8, () => 'me { id }')} } } fragment F on Query { ${times(4, () => 'me { id }')} }`,
  },
};

const codesOf = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);

describe('a document (v5.0.0-4.3.1)', () => {
  test.each(Object.entries(DOCUMENTS))(
    'at the limit of %s is answered, and one above runs nothing',
    async (_, { limit, write }) => {
      const within = await ada.client.send(write(limit));
      expect([within.status, codesOf(within)]).toEqual([200, []]);
      expect(within.data['me'].id ?? within.data['me'].a0).toBe(ada.userId);
      const over = await ada.client.send(write(limit + 1));
      expect([over.status, codesOf(over), over.data]).toEqual([400, ['DOCUMENT_LIMIT_EXCEEDED'], undefined]);
      expect(over.errors[0]?.extensions.requestId).toBe(over.headers.get('x-request-id'));
    },
  );

  test('of 2,000 tokens is answered, and of 2,001 is not parsed', async () => {
    const operations = (count: number, more: string) =>
      times(count, (at) => `query Q${at} { me { ${at === 0 ? `id ${more}` : 'id'} } }`);
    // Eight tokens each.
    const ask = (more: string) => ada.client.send(operations(250, more), undefined, { operationName: 'Q0' });
    const within = await ask('');
    expect([codesOf(within), within.data?.['me']]).toEqual([[], { id: ada.userId }]);
    const over = await ask('id');
    expect([over.status, codesOf(over)]).toEqual([400, ['DOCUMENT_LIMIT_EXCEEDED']]);
  });

  test('is judged whole, also the operation that is not to run', async () => {
    const document = `query Small { me { id } } query Large { ${times(11, () => 'me { id }')} }`;
    expect(codesOf(await ada.client.send(document, undefined, { operationName: 'Small' }))).toEqual([
      'DOCUMENT_LIMIT_EXCEEDED',
    ]);
  });

  test('with the standard introspection passes, and a deeper one does not', async () => {
    const standard = await server.anyone.send(
      getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }),
    );
    expect(codesOf(standard)).toEqual([]);
    const deep = `{ __schema { types { ${'ofType { '.repeat(20)} name ${'} '.repeat(20)} } } }`;
    expect(codesOf(await server.anyone.send(deep))).toEqual(['DOCUMENT_LIMIT_EXCEEDED']);
  });

  test.each([
    ['a fragment that spreads itself', '{ me { ...F } } fragment F on User { ...F }'],
    [
      'fragments that double each other',
      `{ me { ...F0 } } ${times(30, (at) => `fragment F${at} on User { ...F${at + 1} ...F${at + 1} }`)} fragment F30 on User { id }`,
    ],
    [
      'a fragment and an operation that are named like introspection',
      `query __schema { me { ...__type } } fragment __type on User { ${nested(12, 'id')} }`,
    ],
    ['a thousand nested lists', `{ me { id(a: ${'['.repeat(900)}${']'.repeat(900)}) } }`],
  ])('with %s is refused in no time', async (_, document) => {
    const ms = await shortestTime(async () => {
      const answer = await ada.client.send(document);
      expect(answer.status).toBe(400);
      expect(['DOCUMENT_LIMIT_EXCEEDED', 'GRAPHQL_VALIDATION_FAILED']).toContain(answer.code);
    });
    // A few milliseconds; what doubles thirty times takes minutes.
    expect(ms).toBeLessThan(5_000);
  });
});

describe('one credential mutation an operation', () => {
  const guess = (number: number) =>
    `login(input: { email: "ada@example.com", password: "guess ${number}" }) { __typename }`;
  const resend = 'resendVerification(input: { email: "ada@example.com" }) { accepted }';
  const WAYS: Readonly<Record<string, string>> = {
    'two aliases': `mutation { a: ${guess(1)} b: ${guess(2)} }`,
    'ten aliases': `mutation { ${times(10, (at) => `a${at}: ${guess(at)}`)} }`,
    'two different ones': `mutation { ${guess(1)} ${resend} }`,
    'the same one twice': `mutation { ${guess(1)} ${guess(1)} }`,
    'a fragment': `mutation { a: ${guess(1)} ...F } fragment F on Mutation { b: ${guess(2)} }`,
    'a fragment in a fragment': `mutation { ...F } fragment F on Mutation { a: ${guess(1)} ...G } fragment G on Mutation { b: ${guess(2)} }`,
    'an inline fragment': `mutation { a: ${guess(1)} ... on Mutation { b: ${guess(2)} } }`,
    'an inline fragment without a type': `mutation { a: ${guess(1)} ... { b: ${guess(2)} } }`,
    'one that is skipped': `mutation { a: ${guess(1)} b: ${guess(2).replace(') {', ') @skip(if: true) {')} }`,
    'one between harmless ones': `mutation { logout { loggedOut } a: ${guess(1)} b: logout { loggedOut } c: ${resend} }`,
    'an operation that is not to run': `mutation M { ${guess(1)} } mutation N { a: ${guess(2)} b: ${guess(3)} }`,
  };
  const send = (client: Client, document: string) =>
    client.send(document, undefined, document.startsWith('mutation M') ? { operationName: 'M' } : {});

  test.each(Object.entries(WAYS))('a second, by %s, is refused, and nothing runs', async (_, document) => {
    const answer = await send(server.anyone, document);
    expect([answer.status, codesOf(answer), answer.data]).toEqual([400, ['DOCUMENT_LIMIT_EXCEEDED'], undefined]);
  });

  test('so no attempt was counted by all of these, and none was a failed login', async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await login(server.anyone, 'ada@example.com', `wrong ${attempt}`)).code).toBe('INVALID_CREDENTIALS');
    }
    expect((await login(server.anyone, 'ada@example.com', PASSWORD)).code).toBe('RATE_LIMITED');
    await until('failures were written', async () => (await countEvents(server, 'login.failed', ada.userId)) >= 10);
    expect(await countEvents(server, 'login.failed', ada.userId)).toBe(10);
  });

  test('one beside harmless neighbours runs: the twin of the above', async () => {
    server.clock.advanceSeconds(3_600);
    const one = await server.anyone.send(`mutation { a: logout { loggedOut } ${resend} b: logout { loggedOut } }`);
    expect(one.data).toEqual({
      a: { loggedOut: false },
      resendVerification: { accepted: true },
      b: { loggedOut: false },
    });
    const both = `mutation M { ${guess(1)} } mutation N { ${guess(2)} }`;
    expect((await send(server.anyone, both)).code).toBe('INVALID_CREDENTIALS');
  });

  test('nor are several operations taken in one request', async () => {
    const operation = { query: `mutation { ${guess(1)} }` };
    const answer = await server.anyone.post(JSON.stringify([operation, operation]));
    expect([answer.status, answer.code, answer.data]).toEqual([400, 'BAD_USER_INPUT', undefined]);
  });
});
