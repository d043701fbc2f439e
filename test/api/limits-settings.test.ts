import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../support/client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Small maxima, each its own, so that no other one refuses what one lets through. */
const SETTINGS = {
  DOCUMENT_DEPTH: '4',
  DOCUMENT_INTROSPECTION_DEPTH: '3',
  DOCUMENT_COST: '20',
  DOCUMENT_ALIASES: '2',
  DOCUMENT_DIRECTIVES: '3',
  DOCUMENT_TOKENS: '60',
  DOCUMENT_ROOT_FIELDS: '3',
};

let server: TestServer;
let nobody: Client;
beforeAll(async () => {
  server = await startTestServer(SETTINGS);
  nobody = server.anyone;
});
afterAll(() => server.stop());

const times = (count: number, text: string) => Array.from({ length: count }, () => text).join(' ');
const aliases = (count: number) => Array.from({ length: count }, (_, at) => `a${at}: version`).join(' ');
const inside = (levels: number) => `${times(levels, '... on ServerInfo {')} version ${times(levels, '}')}`;

/** Documents of so many of what a setting bounds. */
const WRITE: Readonly<Record<keyof typeof SETTINGS, (count: number) => string>> = {
  DOCUMENT_DEPTH: (count) => `{ serverInfo { ${inside(count - 2)} } }`,
  DOCUMENT_INTROSPECTION_DEPTH: (count) =>
    `{ __type(name: "User") { ${times(count - 1, 'ofType {')} name ${times(count - 1, '}')} } }`,
  DOCUMENT_COST: (count) => `{ serverInfo { ${times(count - 1, 'version')} } }`,
  DOCUMENT_ALIASES: (count) => `{ serverInfo { ${aliases(count)} } }`,
  DOCUMENT_DIRECTIVES: (count) => `{ serverInfo { ${times(count, 'version @include(if: true)')} } }`,
  // Eight tokens an operation.
  DOCUMENT_TOKENS: (count) =>
    Array.from({ length: Math.floor(count / 8) }, (_, at) => {
      const more = at === 0 ? times(count % 8, 'version') : '';
      return `query Q${at} { serverInfo { version ${more} } }`;
    }).join(' '),
  DOCUMENT_ROOT_FIELDS: (count) => `{ ${times(count, 'serverInfo { version }')} }`,
};

describe('the setting of each limit of documents', () => {
  test.each(Object.entries(SETTINGS))(
    '%s=%s lets that many through, and one more runs nothing',
    async (name, maximum) => {
      const write = WRITE[name as keyof typeof SETTINGS];
      const send = (count: number) =>
        nobody.send(write(count), undefined, name === 'DOCUMENT_TOKENS' ? { operationName: 'Q0' } : {});
      expect((await send(Number(maximum))).errors).toEqual([]);
      const over = await send(Number(maximum) + 1);
      expect([over.status, over.code, over.data]).toEqual([400, 'DOCUMENT_LIMIT_EXCEEDED', undefined]);
      const limit = name.replace('DOCUMENT_', '').replace('_', '').toLowerCase();
      expect(over.errors[0]?.message.toLowerCase()).toContain(limit.replace('introspectiondepth', 'introspection'));
    },
  );

  test.each([
    [
      '@skip, which would leave nothing to answer',
      `{ serverInfo { ${aliases(3).replace('version', 'version @skip(if: true)')} } }`,
    ],
    [
      '@include by a variable',
      `query ($no: Boolean = false) { serverInfo { ${aliases(3).replace('version', 'version @include(if: $no)')} } }`,
    ],
    ['an operation beside the one that runs', `query Q0 { __typename } query Q1 { serverInfo { ${aliases(3)} } }`],
    ['a fragment named __schema', `{ serverInfo { ...__schema } } fragment __schema on ServerInfo { ${aliases(3)} }`],
    ['an operation named __schema', `query __schema { serverInfo { ${inside(3)} } }`],
    ['comments between', `{ serverInfo { ${aliases(3).replaceAll(' a', '\n# nothing\n a')} } }`],
  ])('is not dodged by %s', async (_, document) => {
    const answer = await nobody.send(document, undefined, document.includes('Q0') ? { operationName: 'Q0' } : {});
    expect([answer.status, answer.code, answer.data]).toEqual([400, 'DOCUMENT_LIMIT_EXCEEDED', undefined]);
    expect(answer.errors[0]?.message).toMatch(/limit of (?:aliases|depth),/);
  });

  test('counts no comment: a document that is mostly one is answered', async () => {
    expect((await nobody.send(`# ${'word '.repeat(500)}\n{ serverInfo { version } }`)).errors).toEqual([]);
  });
});
