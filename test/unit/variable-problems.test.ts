import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, GraphQLInt, GraphQLNonNull, parse } from 'graphql';
import { InputCoercion } from '../../src/graphql/input-coercion.ts';
import { ProblemList } from '../../src/graphql/problem-list.ts';
import { startInputServer } from '../support/input-server.ts';

let server: Awaited<ReturnType<typeof startInputServer>>;
beforeAll(async () => {
  server = await startInputServer();
});
afterAll(() => server.stop());

const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) }';
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) }';
const GOOD = { email: 'ada@example.com', password: 'correct horse battery' };

/** Entries (`path CODE limit`) of the request error, which nothing ran beside. */
async function problems(query: string, variables?: object) {
  const { status, data, errors } = await server.ask(query, variables);
  expect({ status, data, count: errors.length }).toEqual({ status: 400, data: undefined, count: 1 });
  expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', requestId: 'request-1' } });
  return errors[0]?.extensions.fields?.map(({ path, code, limit }) => [path.join('.'), code, limit].join(' ').trim());
}

describe('variables that do not fit the operation are a request error', () => {
  test.each<[string, object, string[]]>([
    ['a missing variable', {}, ['input REQUIRED']],
    ['a variable that is null', { input: null }, ['input REQUIRED']],
    ['a text for an object', { input: 'x' }, ['input INVALID_FORMAT']],
    ['a list for an object', { input: [] }, ['input INVALID_FORMAT']],
    ['missing fields', { input: {} }, ['input.email REQUIRED', 'input.password REQUIRED']],
    ['null fields', { input: { email: null, password: null } }, ['input.email REQUIRED', 'input.password REQUIRED']],
    ['a number for a text', { input: { ...GOOD, password: 123456 } }, ['input.password INVALID_FORMAT']],
    ['an object for a text', { input: { ...GOOD, password: {} } }, ['input.password INVALID_FORMAT']],
    ['an unknown field', { input: { ...GOOD, isAdmin: true } }, ['input.isAdmin NOT_ALLOWED']],
    [
      'one named __proto__',
      JSON.parse('{"input":{"email":"a@b","password":"x","__proto__":{}}}'),
      ['input.__proto__ NOT_ALLOWED'],
    ],
    ['an unknown field that is no name', { input: { ...GOOD, 'a"b': 1 } }, ['input NOT_ALLOWED']],
    ['one that is endless', { input: { ...GOOD, ['x'.repeat(65)]: 1 } }, ['input NOT_ALLOWED']],
    ['an unknown enum value', { input: { ...GOOD, color: 'BLUE' } }, ['input.color NOT_ALLOWED']],
    ['a number for an enum', { input: { ...GOOD, color: 1 } }, ['input.color INVALID_FORMAT']],
    [
      'bad items',
      { input: { ...GOOD, colors: ['RED', 'BLUE', null] } },
      ['input.colors.1 NOT_ALLOWED', 'input.colors.2 REQUIRED'],
    ],
    ['one bad value for a list', { input: { ...GOOD, colors: 'BLUE' } }, ['input.colors NOT_ALLOWED']],
    ['null for a list', { input: { ...GOOD, colors: null } }, ['input.colors REQUIRED']],
    ['a text for a boolean', { input: { ...GOOD, remember: 'yes' } }, ['input.remember INVALID_FORMAT']],
  ])('%s', async (_name, variables, expected) => {
    expect(await problems(LOGIN, variables)).toEqual(expected);
  });

  test.each<[unknown, string]>([
    [2 ** 31, `first OUT_OF_RANGE ${2 ** 31 - 1}`],
    [-(2 ** 31) - 1, `first OUT_OF_RANGE ${-(2 ** 31)}`],
    [1.5, 'first INVALID_FORMAT'],
    ['5', 'first INVALID_FORMAT'],
    [true, 'first INVALID_FORMAT'],
  ])('%j for an Int', async (first, expected) => {
    expect(await problems('query ($first: Int) { users(first: $first) }', { first })).toEqual([expected]);
  });

  test('lists with them all that scalars, limits and the password policy refuse, of every field', async () => {
    const query = `mutation ($input: RegisterInput!, $code: String, $delivery: Color) {
      register(input: $input)
      login(input: { email: "nobody", password: "x", code: $code, color: $delivery })
    }`;
    const input = { email: 'nobody', password: 'short', profile: { phone: 5, address: { lines: [] }, nickname: 'x' } };
    expect((await problems(query, { input, code: 'far too long', delivery: 'BLUE' }))?.sort()).toEqual([
      'input.code TOO_LONG 8',
      'input.color NOT_ALLOWED',
      // Of both fields: an entry is told once.
      'input.email INVALID_FORMAT',
      'input.password TOO_SHORT 15',
      'input.profile.address.lines TOO_SHORT 1',
      'input.profile.nickname NOT_ALLOWED',
      'input.profile.phone INVALID_FORMAT',
    ]);
  });

  test('lists 50 entries at most', async () => {
    const colors = Array(90).fill('BLUE');
    expect(await problems(LOGIN, { input: { ...GOOD, colors } })).toHaveLength(50);
    const unknown = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`field${i}`, i]));
    expect(await problems(LOGIN, { input: { ...GOOD, ...unknown } })).toHaveLength(50);
  });

  test('begins each path with the argument, wherever the variable stands', async () => {
    const query = `mutation ($e: EmailAddress!, $p: String!, $c: [Color!]!, $one: Color!) {
      ...Log
    }
    fragment Log on Mutation {
      login(input: { email: $e, password: $p, colors: $c, color: $one })
      second: login(input: { email: $e, password: $p, colors: [RED, $one] })
    }
    fragment Other on Query { user(id: "1") }`;
    const variables = { p: 5, c: ['RED', 'BLUE'], one: 'PINK' };
    expect(await problems(query.replace(/\s+fragment Other.*/, ''), variables)).toEqual([
      'input.email REQUIRED',
      'input.password INVALID_FORMAT',
      'input.color NOT_ALLOWED',
      'input.colors.1 NOT_ALLOWED',
    ]);
  });

  test('a variable that the operation requires is required where its place would do without', async () => {
    expect(await problems('query ($first: Int!) { users(first: $first) }', {})).toEqual(['first REQUIRED']);
    expect(await problems('query ($first: Int!) { users(first: $first) }', { first: null })).toEqual([
      'first REQUIRED',
    ]);
    const inside = 'mutation ($c: String!) { login(input: { email: "a@b", password: "x", code: $c }) }';
    expect(await problems(inside, {})).toEqual(['input.code REQUIRED']);
  });

  test('null for a place that must have a value, which graphql-js would print with all that is around it', async () => {
    const query = 'mutation ($c: [Color!]) { login(input: { email: "a@b", password: "hunter2", colors: $c }) }';
    expect(await problems(query, { c: null })).toEqual(['input.colors REQUIRED']);
    expect((await server.ask(query, {})).errors).toEqual([]);
  });

  test('a variable of a directive', async () => {
    expect(await problems('query ($on: Boolean!) { me @include(if: $on) }', { on: 'hunter2' })).toEqual([
      'if INVALID_FORMAT',
    ]);
    expect(await problems('query ($on: Boolean = true) { me @include(if: $on) }', { on: null })).toEqual([
      'if REQUIRED',
    ]);
  });

  test('the default of a variable counts like a literal', async () => {
    const query = 'query ($first: Int = 500, $id: ID!) { users(first: $first) user(id: $id) }';
    expect(await problems(query, {})).toEqual(['first OUT_OF_RANGE 100', 'id REQUIRED']);
  });

  test('variables with names of Object.prototype are not taken from it', async () => {
    const query = 'query ($constructor: ID!, $toString: Int) { user(id: $constructor) users(first: $toString) }';
    expect(await problems(query, {})).toEqual(['id REQUIRED']);
  });
});

test('a variable in a list is required by the list or by the operation, else it is null', () => {
  const schema = buildSchema('type Query { f(loose: [Int], strict: [Int!]): Int }');
  const [node] = parse('{ f(loose: [$a, $b, 1], strict: [$b]) }').definitions;
  const field = node && 'selectionSet' in node ? node.selectionSet.selections[0] : undefined;
  const missing = { defaultValue: undefined, value: undefined };
  const variables = new Map([
    ['a', { ...missing, type: new GraphQLNonNull(GraphQLInt) }],
    ['b', { ...missing, type: GraphQLInt }],
  ]);
  const found = new ProblemList();
  const nodes = field && 'arguments' in field ? (field.arguments ?? []) : [];
  const args = schema.getQueryType()?.getFields()['f']?.args ?? [];
  expect(new InputCoercion(variables, found).coerceArguments(args, nodes)['loose']).toEqual([undefined, null, 1]);
  expect(found.entries.map(({ path, code }) => [...path, code])).toEqual([
    ['loose', '0', 'REQUIRED'],
    ['strict', '0', 'REQUIRED'],
  ]);
});

describe('no request error', () => {
  test('for values that only a scalar or a limit refuses: those fail their own field', async () => {
    const { status, data } = await server.ask(REGISTER, { input: { email: 'nobody', password: 'x' } });
    expect({ status, data }).toEqual({ status: 200, data: { register: null } });
  });

  test('for null where null may be', async () => {
    expect(await server.ask('query ($first: Int) { users(first: $first) }', { first: null })).toMatchObject({
      status: 200,
      data: { users: 'null since ever' },
    });
  });

  test('for variables that the operation does not have', async () => {
    expect(await server.ask('{ me }', { other: 1 })).toMatchObject({ status: 200, data: { me: 'me' } });
  });
});
