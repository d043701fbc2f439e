import { expect, test } from '@jest/globals';
import { type Location, parse, visit } from 'graphql';
import { KnownDocuments } from '../../src/graphql/known-documents.ts';

test('a document is kept with the place of each of its parts, and without its tokens', async () => {
  const text = 'query Q($first: Int) { me { id: email } users(first: $first) { nodes { id } } }';
  const known = new KnownDocuments();
  await known.set('key', parse(text));
  const kept = known.find(text);
  expect(JSON.stringify(kept)).toBe(JSON.stringify(parse(text)));
  const places: Location[] = [];
  if (kept) visit(kept, { enter: ({ loc }) => void (loc && places.push(loc)) });
  expect(places.length).toBeGreaterThan(20);
  for (const { source, startToken, endToken } of places) {
    expect([source.body, startToken, endToken]).toEqual([text, undefined, undefined]);
  }
});
