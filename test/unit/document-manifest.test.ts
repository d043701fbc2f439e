import { describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { documentIdOf } from '../../src/graphql/document-id.ts';
import { readManifest } from '../../src/graphql/document-manifest.ts';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { apolloManifest, byId, writeManifest } from '../support/manifest-file.ts';

const schema = buildSchema(
  'type Query { me: User } type User { id: ID! friends: [User!]! } type Mutation { login: Int }',
);
const read = (manifest: unknown) => readManifest(writeManifest(manifest), { schema, limits: DEFAULT_DOCUMENT_LIMITS });
const ME = 'query Me { me { id } }';
const OTHER = 'query Other { me { __typename } }';
const sha256 = (text: string) => documentIdOf(text);

describe('the manifest of trusted documents', () => {
  test.each([
    ['of codegen’s client preset and of Relay’s compiler', byId(ME, OTHER)],
    ['of Apollo', apolloManifest(ME, OTHER)],
  ])('%s gives its texts by their ids', (_, manifest) => {
    expect([...read(manifest)]).toEqual([
      [sha256(ME), ME],
      [sha256(OTHER), OTHER],
    ]);
  });

  test('knows the id of a text as SHA-256 of its UTF-8', () => {
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
  });

  const deep = `query Deep { me { ${'friends { '.repeat(11)} id ${'} '.repeat(11)} } }`;
  test.each<[string, unknown, string]>([
    ['no JSON', 'query Me { me { id } }', 'must name a JSON file'],
    ['a list', [ME], 'holds neither'],
    ['nothing', {}, 'must hold at least one document'],
    ['another format', { ...apolloManifest(ME), format: 'other' }, 'holds neither'],
    ['another version', { ...apolloManifest(ME), version: 2 }, 'holds neither'],
    ['operations that are no list', { ...apolloManifest(), operations: {} }, 'holds neither'],
    [
      'an operation without a text',
      { ...apolloManifest(), operations: [{ id: sha256(ME), name: 'Me' }] },
      '- Me has no text',
    ],
    [
      'an operation that is null',
      { ...apolloManifest(), operations: [null] },
      '- a document without an id has no text',
    ],
    [
      'an id of another text',
      { [sha256(OTHER)]: ME },
      `- ${sha256(OTHER)} has an id that is not the SHA-256 of its text`,
    ],
    ['an id in capitals', { [sha256(ME).toUpperCase()]: ME }, 'no SHA-256 in lower-case hex'],
    ['an id by SHA-1', { '0d9e1b0f0d9e1b0f0d9e1b0f0d9e1b0f0d9e1b0f': ME }, 'hashAlgorithm: "sha256"'],
    ['a prototype', '{"__proto__": "query Me { me { id } }"}', '- __proto__ has an id that is no SHA-256'],
    ['a text that does not parse', byId('query {'), 'does not parse: Syntax Error'],
    ['a field that is not there', byId('{ nobody }'), 'does not fit the schema: Cannot query field "nobody"'],
    ['a document that is too deep', byId(deep), 'is over a limit: The document is over the limit of depth, 12'],
    [
      'too many tokens',
      byId(`{ ${'me '.repeat(2_000)} }`),
      'is over a limit: The document is over the limit of tokens',
    ],
    ['two credential mutations', byId('mutation { a: login b: login }'), 'is over a limit: An operation holds one'],
    ['introspection', byId('{ __schema { types { name } } }'), 'GraphQL introspection has been disabled'],
    ['a subscription', byId('subscription { me { id } }'), 'There is no subscription here'],
    ['a fragment alone', byId('fragment F on User { id }'), 'does not fit the schema: Fragment "F" is never used'],
  ])('that holds %s is refused, and says so', (_, manifest, told) => {
    expect(() => read(manifest)).toThrow(told);
  });

  test('names every fault, the first twenty, beside what is sound', () => {
    const faulty = Array.from({ length: 25 }, (_, at) => `{ nobody${at} }`);
    const lines = (() => {
      try {
        read(byId(ME, ...faulty));
      } catch (error) {
        return String(error).split('\n');
      }
      return [];
    })();
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('- and 5 more');
  });

  test('that is not there, or no file, or too large is refused before it is read', () => {
    const checks = { schema, limits: DEFAULT_DOCUMENT_LIMITS };
    expect(() => readManifest('/nowhere/documents.json', checks)).toThrow('there is none at /nowhere/documents.json');
    expect(() => readManifest('/', checks)).toThrow('must name a file that can be read');
    expect(() => read(`${' '.repeat(16 * 2 ** 20)}{}`)).toThrow('must name a file of at most 16777216 bytes');
  });
});
