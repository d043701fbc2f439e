import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { findBrokenLimit } from '../../src/limits/document-limits.ts';
import { describeSchema } from '../../src/schema.ts';

const schema = describeSchema();
const isRefused = (text: string) => findBrokenLimit(schema, parse(text), DEFAULT_DOCUMENT_LIMITS) !== undefined;

const SESSIONS = 'sessions { id current ip userAgent deviceName createdAt lastSeenAt expiresAt }';
/** The same people twice, with all that lists of them can hold. */
const BOTH = `nodes { id email ${SESSIONS} roles { name } } edges { node { id email ${SESSIONS} roles { name } } }`;

describe('the cost of a page of users', () => {
  test('is what it spells for 20, and five times that for 100: a page of 100 with sessions is within the limit, twice is not', () => {
    expect(isRefused(`{ users(first: 20) { ${BOTH} } }`)).toBe(false);
    expect(isRefused(`{ users { ${BOTH} } }`)).toBe(false);
    expect(isRefused(`{ users(first: 100) { nodes { email ${SESSIONS} roles { name } } } }`)).toBe(false);
    expect(isRefused(`{ users(first: 100) { ${BOTH} } }`)).toBe(true);
  });

  test.each([
    ['in a variable', `query($first: Int) { users(first: $first) { ${BOTH} } }`],
    ['in a variable with a small default', `query($first: Int = 1) { users(first: $first) { ${BOTH} } }`],
    ['over the largest', `{ users(first: 1000000000) { ${BOTH} } }`],
    [
      'in a fragment',
      `query { ...F } fragment F on Query { users(first: 100) { ...G } } fragment G on UserConnection { ${BOTH} }`,
    ],
    ['in an inline fragment', `{ ... on Query { users(first: 100) { ... { ${BOTH} } } } }`],
    ['in an operation that is not run', `query A { me { id } } query B { users(first: 100) { ${BOTH} } }`],
  ])('is counted with its size %s', (_, text) => {
    expect(isRefused(text)).toBe(true);
  });
});
