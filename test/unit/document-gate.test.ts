import { describe, expect, jest, test } from '@jest/globals';
import { parse } from 'graphql';
import { makeDocumentGate } from '../../src/graphql/document-gate.ts';
import { KnownDocuments } from '../../src/graphql/known-documents.ts';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { limitsSchema } from '../support/limits-schema.ts';

const gateOver = (known: Pick<KnownDocuments, 'has'>) => makeDocumentGate(limitsSchema, DEFAULT_DOCUMENT_LIMITS, known);
const gate = gateOver(new KnownDocuments());
const TOO_DEEP = `{ me { ${'friend { '.repeat(20)} id ${'} '.repeat(20)} } }`;

describe('the gate of documents', () => {
  test('refuses what breaks a limit', () => {
    expect(gate(TOO_DEEP)?.message).toContain('limit of depth, 12 ');
    expect(gate(`{ ${'me '.repeat(2_000)} }`)?.message).toContain('limit of tokens, 2000 ');
    expect(gate(`{ me { ${'id '.repeat(600)} } }`)?.message).toContain('limit of cost, 500 ');
  });

  test.each([['{ me { id } }'], ['{ nothing }'], ['{'], ['{ me ? }'], [''], [undefined], [7], [{ a: 1 }]])(
    'leaves %j to Apollo',
    (text) => expect(gate(text)).toBeUndefined(),
  );

  test('reads a known document no more', () => {
    const has = jest.fn((text: string) => text === TOO_DEEP);
    expect(gateOver({ has })(TOO_DEEP)).toBeUndefined();
    expect(gateOver({ has: () => false })(TOO_DEEP)).toBeDefined();
  });
});

describe('known documents', () => {
  const keep = async (known: KnownDocuments, ...texts: readonly string[]) => {
    for (const text of texts) await known.set(`key of ${text}`, parse(text));
  };

  test('are found by their key, and known by their text', async () => {
    const known = new KnownDocuments();
    await keep(known, '{ me { id } }');
    expect(await known.get('key of { me { id } }')).toMatchObject({ kind: 'Document' });
    expect([known.has('{ me { id } }'), known.has('{ me { id }  }')]).toEqual([true, false]);
  });

  test.each([
    'mutation { login(email: "ada@example.com", password: "a password of hers") { user { id } } }',
    'mutation { login(email: """a""", password: $b) { user { id } } }',
    'query Q($email: String = "ada@example.com") { me { id } }',
  ])('are never those with a text written into them: %s', async (text) => {
    const known = new KnownDocuments();
    await keep(known, text);
    expect([known.has(text), await known.get(`key of ${text}`)]).toEqual([false, undefined]);
  });

  test('are bounded, and the longest unused leaves first', async () => {
    const known = new KnownDocuments();
    const textOf = (number: number) => `{ me { id } } # ${String(number).padStart(9_900, ' ')}`;
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    await keep(known, ...numbers.map(textOf));
    expect(numbers.filter((number) => !known.has(textOf(number)))).toEqual([]);
    await known.get(`key of ${textOf(0)}`);
    await keep(known, textOf(20), textOf(21));
    expect(numbers.filter((number) => !known.has(textOf(number)))).toEqual([1, 2]);
    expect(await known.get(`key of ${textOf(1)}`)).toBeUndefined();
  });
});
