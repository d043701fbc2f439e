import { describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery, Kind, parse, specifiedRules, type ValidationRule, validate } from 'graphql';
import type { DocumentLimits } from '../../src/config.ts';
import { CREDENTIAL_MUTATIONS } from '../../src/limits/credential-mutations.ts';
import { DEFAULT_DOCUMENT_LIMITS, DOCUMENT_LIMIT_TEXTS } from '../../src/limits/document-limit-texts.ts';
import {
  documentLimitsRule,
  findBrokenLimit,
  ONE_CREDENTIAL_MUTATION,
  parseOptions,
} from '../../src/limits/document-limits.ts';
import { AppError } from '../../src/platform/errors.ts';
import { limitsSchema } from '../support/limits-schema.ts';

const unlimited = Object.fromEntries(
  Object.keys(DOCUMENT_LIMIT_TEXTS).map((name) => [name, 100_000]),
) as unknown as DocumentLimits;

const find = (text: string, limits: Partial<DocumentLimits> = {}) =>
  findBrokenLimit(limitsSchema, parse(text), { ...unlimited, ...limits });

/** That `text` measures `count`: it passes with the limit there, and not with one less. */
function expectExactly(limit: keyof DocumentLimits, count: number, text: string): void {
  expect(find(text, { [limit]: count })).toBeUndefined();
  const refusal = find(text, { [limit]: count - 1 });
  expect(refusal).toBeInstanceOf(AppError);
  expect(refusal?.code).toBe('DOCUMENT_LIMIT_EXCEEDED');
  expect(refusal?.message).toContain(`limit of ${limit}, ${count - 1} `);
  expect(refusal?.message).toContain(DOCUMENT_LIMIT_TEXTS[limit].remedy);
}

describe('depth', () => {
  test.each([
    [1, '{ __typename }'],
    [2, '{ me { id } }'],
    [3, '{ me { friend { id } } serverInfo { version } }'],
    [3, '{ me { ... on User { id } } }'],
    [3, '{ me { ...F } } fragment F on User { id }'],
    [4, '{ me { ...F } } fragment F on User { ... { id } }'],
    [4, '{ ... { ... { me { id } } } }'],
    [5, 'query A { me { id } } query B { me { friend { friend { friend { id } } } } }'],
    [4, 'mutation { login(email: "") { user { id friend { id } } } }'],
  ])('is %i', (depth, text) => expectExactly('depth', depth, text));

  test('is counted through a fragment that was measured before at a lesser depth', () =>
    expectExactly('depth', 6, '{ me { ...F friend { friend { ...F } } } } fragment F on User { friend { id } }'));

  test('is refused in a fragment that nothing spreads', () =>
    expectExactly('depth', 4, '{ me { id } } fragment F on User { friend { friend { friend { id } } } }'));

  test.each(['__schema', '__type', '__typename', 'IntrospectionQuery'])('is not dodged by the name %s', (name) => {
    expectExactly('depth', 3, `query ${name} { me { ...${name} } } fragment ${name} on User { id }`);
    expectExactly('depth', 3, `{ ${name}: me { friend { id } } }`);
    expectExactly('depth', 3, `{ me { ${name} { id } } users { edges { cursor } } }`);
  });

  test('stops where the stack would end, whatever is set', () => {
    const chain = Array.from({ length: 3_000 }, (_, i) => `fragment F${i} on User { ...F${i + 1} }`).join(' ');
    const refusal = find(`{ me { ...F0 } } ${chain} fragment F3000 on User { id }`, { depth: 1e9 });
    expect(refusal?.message).toContain('limit of depth, 500 ');
    expect(find(`{ me { ${'friend { '.repeat(600)} id ${'} '.repeat(600)} } }`, { depth: 1e9 })?.message).toContain(
      'depth',
    );
  });
});

describe('introspection', () => {
  // The largest that a tool sends: 191 tokens, 17 levels.
  const everything = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
    experimentalDirectiveDeprecation: true,
  });

  test('by the standard query with every option passes the default limits', () => {
    const document = parse(everything, parseOptions(DEFAULT_DOCUMENT_LIMITS));
    expect(findBrokenLimit(limitsSchema, document, DEFAULT_DOCUMENT_LIMITS)).toBeUndefined();
  });

  test('has a depth of its own, and leaves the other one alone', () => {
    expectExactly('introspectionDepth', 17, everything);
    expectExactly('depth', 1, everything);
    expectExactly('introspectionDepth', 2, '{ __type(name: "User") { fields { name } } me { id friend { id } } }');
    expectExactly('depth', 3, '{ __type(name: "User") { fields { name } } me { id friend { id } } }');
    expectExactly(
      'introspectionDepth',
      3,
      '{ ...Q } fragment Q on Query { x: __schema { ...S } } fragment S on __Schema { types { name } }',
    );
  });

  test('nests its lists no deeper than the standard query: a rule of graphql, which must stay among the specified ones', () => {
    const text = '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }';
    expect(validate(limitsSchema, parse(text), specifiedRules)).toHaveLength(1);
  });

  test('counts in the cost, without multiplying', () => {
    expectExactly('cost', 3, '{ __schema { types { name } } }');
    expectExactly('cost', 232, everything);
  });

  test('begins only at the root of a query', () => expectExactly('depth', 3, '{ me { __schema { types } } }'));
});

describe('cost', () => {
  test.each([
    [1, '{ __typename }'],
    [4, '{ me { id id id } }'],
    [4, '{ me { id } me { email } }'],
    [7, '{ me { ...F ...F ...F } } fragment F on User { id email }'],
    [3, '{ serverInfo { version errorCodes } }'],
    [5, '{ me { id @skip(if: true) email @include(if: false) ... on User @skip(if: true) { id email } } }'],
    [6, '{ roles { name } }'],
    [2, '{ a: me { b: id } }'],
    [7, '{ node { ... on User { sessions { id } } } }'],
  ])('is %i', (cost, text) => expectExactly('cost', cost, text));

  test.each([
    ['left out, the default of the schema', '', 1],
    ['null, the default of the schema', '(first: null)', 1],
    ['1', '(first: 1)', 1],
    ['20', '(first: 20)', 1],
    ['21', '(first: 21)', 2],
    ['100', '(first: 100)', 5],
    ['more than a page may hold, which the query itself refuses', '(first: 100000)', 5],
    ['less than a page may hold', '(first: -5)', 1],
    ['a variable', '(first: $n)', 5],
    ['of a wrong type', '(first: "1")', 5],
    ['in a variable, beside another argument', '(after: "x", first: $n)', 5],
  ])('multiplies by a page size that is %s', (_, argument, weight) => {
    const text = (inside: string) => `query Q($n: Int = 1) { users${argument} { ${inside} } }`;
    expectExactly('cost', 1 + 3 * weight, text('nodes { id email }'));
    expectExactly('cost', 1 + 5 * weight, text('edges { cursor node { id } } ... { __typename }'));
  });

  test('takes a page without a default size as the largest', () => expectExactly('cost', 6, '{ latest { id } }'));

  test('multiplies lists within lists', () => {
    expectExactly('cost', 1 + 5 * (1 + 1 + 5 * 2), '{ users(first: 100) { nodes { sessions { id i: id } } } }');
    expectExactly('cost', 1 + 5 * (1 + 5 * 2), '{ roles { holders(first: 90) { nodes { id } } } }');
  });

  test('keeps a page of people with all that a list of them shows well inside the default', () => {
    const text = `query People($first: Int, $after: String) {
      users(first: $first, after: $after) {
        pageInfo { hasNextPage }
        edges { cursor node { id email sessions { id } friend { ${'id '.repeat(17)} } ${'email '.repeat(10)} } }
      }
    }`;
    expect(find(text, { cost: DEFAULT_DOCUMENT_LIMITS.cost * 0.7 })).toBeUndefined();
  });

  test('does not end in a number too large: fragments that each spread the next one twice', () => {
    const chain = Array.from({ length: 450 }, (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`).join(
      ' ',
    );
    const text = `{ me { ...F0 } } ${chain} fragment F450 on User { id }`;
    const refusal = find(text, { cost: 500 });
    expect(refusal?.message).toContain('limit of cost, 500 ');
    expect(refusal?.message).not.toContain('It has');
  });

  test('is that of the dearest operation, whichever is to run', () =>
    expectExactly('cost', 4, 'query A { me { id } } query B { me { id id email } }'));

  test('says what the document has', () => {
    expect(find('{ me { id email } }', { cost: 2 })?.message).toContain('It has 3.');
  });
});

describe('aliases, directives and root fields', () => {
  test.each([
    [2, '{ a: me { b: id } }'],
    [1, '{ me: me { id } }'],
    [5, '{ a: me { ...F ...F } } fragment F on User { b: id c: email }'],
    [4, '{ me { ...F ...F } } fragment F on User { b: id ... { c: id } }'],
  ])('are %i aliases', (count, text) => expectExactly('aliases', count, text));

  test.each([
    [1, 'query @a { me { id } }'],
    [2, 'query ($n: Int @a @b) { me { id } }'],
    [3, '{ me @a @a @a { id } }'],
    [3, '{ me { ... @a { id @b ... on User @c { id } } } }'],
    [6, '{ me { ...F @a ...F @b } } fragment F on User @c { id @d }'],
  ])('are %i directives', (count, text) => expectExactly('directives', count, text));

  test.each([
    [2, '{ me { id id id } serverInfo { version } }'],
    [3, '{ me { id } me { id } a: me { id } }'],
    [4, '{ ...F ... { me { id } } ...F ... on Query { __typename } } fragment F on Query { roles { name } }'],
    [2, 'mutation { refresh { id } logout { id } }'],
  ])('are %i root fields', (count, text) => expectExactly('rootFields', count, text));
});

describe('one credential mutation an operation', () => {
  test.each([
    'mutation { login(email: "a") { id } logout { id } updateProfile { id } }',
    'mutation A { login(email: "a") { id } } mutation B { login(email: "b") { id } }',
    'mutation { login: logout { id } register: updateProfile { id } refresh: logout { id } }',
    'mutation { login(email: "login register refresh") { id } } # login login',
    'mutation login { ...login } fragment login on Mutation { login(email: "a") { id } }',
  ])('passes %s', (text) => expect(find(text)).toBeUndefined());

  test.each([
    'mutation { login(email: "a") { id } register(email: "a") { id } }',
    'mutation { login(email: "a") { id } login(email: "a") { id } }',
    'mutation { a: login(email: "a") { id } b: login(email: "b") { id } }',
    'mutation { me: login(email: "a") { id } serverInfo: refresh { id } }',
    'mutation { login(email: "a") { id } ... { register(email: "a") { id } } }',
    'mutation { ...A ...A } fragment A on Mutation { login(email: "a") { id } }',
    'mutation { ...A ...B } fragment A on Mutation { login(email: "a") { id } } fragment B on Mutation { x: refresh { id } }',
    'mutation { login(email: "a") @skip(if: true) { id } refresh @include(if: $yes) { id } }',
    'mutation { login(email: "a") { id } ... @skip(if: true) { refresh { id } } }',
    'mutation { login(email: "a")\n#\n{ id }\n,,,refresh{id} }',
    'query A { me { id } } mutation B { login(email: "a") { id } refresh { id } }',
  ])('refuses %s', (text) => {
    expect(find(text)).toEqual(new AppError('DOCUMENT_LIMIT_EXCEEDED', ONE_CREDENTIAL_MUTATION));
  });

  test.each([...CREDENTIAL_MUTATIONS])('counts %s', (name) => {
    expect(find(`mutation { ${name} a: ${name} }`)?.message).toBe(ONE_CREDENTIAL_MUTATION);
  });
});

describe('documents that are not what they should be', () => {
  test.each([
    '{ me { ...F } } fragment F on User { ...F }',
    '{ me { ...F } } fragment F on User { friend { ...G } } fragment G on User { ... { ...F } }',
    '{ me { id } } fragment F on User { friend { ...F } }',
  ])('are refused where a fragment spreads itself: %s', (text) => {
    const refusal = find(text);
    expect(refusal?.code).toBe('DOCUMENT_LIMIT_EXCEEDED');
    expect(refusal?.message).toContain('spreads itself');
  });

  test.each([
    '{ nothing { below { it } } }',
    '{ me { ...Missing } }',
    '{ me { ...F } } fragment F on Nowhere { a { b } }',
    '{ me { id { id } } }',
    'subscription { login }',
    'type Query { me: Int } extend schema @a',
    '{ constructor { __proto__ { toString } } } fragment hasOwnProperty on __proto__ { valueOf }',
  ])('and are left to validation otherwise: %s', (text) => expect(find(text)).toBeUndefined());
});

describe('as a validation rule', () => {
  const run = (text: string, limits = unlimited) =>
    validate(limitsSchema, parse(text), [...specifiedRules, documentLimitsRule(limits)]);

  test('says nothing of a document inside the limits, and leaves the other rules theirs', () => {
    expect(run('{ me { id } }')).toEqual([]);
    expect(run('{ me { nothing } }').map((error) => error.message)).toEqual([expect.stringContaining('nothing')]);
  });

  test('gives the one error for a document outside them, however wrong it is otherwise', () => {
    const errors = run('{ me { nothing(a: 1) { ...X } } } fragment Y on Nowhere { z }', { ...unlimited, depth: 1 });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.originalError).toBeInstanceOf(AppError);
    expect(errors[0]?.message).toBe(errors[0]?.originalError?.message);
  });

  const spreadAll = (from: number) => Array.from({ length: 30 - from }, (_, i) => `...F${from + i}`).join(' ');
  test.each([
    ['fields that are compared pairwise', `{ ${'me { email } '.repeat(490)} }`],
    [
      'fragments that spread all the others',
      `{ me { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on User { friend { id ${spreadAll(i + 1)} } }`).join(' ')}`,
    ],
    [
      'fragments that spread in a ring',
      `{ me { ...F0 } } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on User { friend { ...F${(i + 1) % 30} } }`).join(' ')}`,
    ],
    ['nesting', `{ ${'me { friend { '.repeat(300)} id ${'} } '.repeat(300)} }`],
  ])('refuses cheaply, before the rules that compare fields: %s', (_, text) => {
    const parsed = parse(text, parseOptions(DEFAULT_DOCUMENT_LIMITS));
    let looks = 0;
    const looking: ValidationRule = () => ({
      [Kind.SELECTION_SET]: () => {
        looks += 1;
      },
    });
    const rules = [...specifiedRules, looking, documentLimitsRule(DEFAULT_DOCUMENT_LIMITS)];
    expect(validate(limitsSchema, parsed, rules)).toHaveLength(1);
    expect(looks).toBe(0);
  });
});
