import { describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, graphql } from 'graphql';
import { ACCESS_MAP, type FieldAccess } from '../../src/access/access-map.ts';
import { type GuardParts, guardSchema } from '../../src/access/guard-schema.ts';
import { PERMISSIONS, type Permission } from '../../src/access/permissions.ts';
import type { RequestContext } from '../../src/access/request-context.ts';
import { anyone, asParent, loggedIn, selfOr } from '../../src/access/rules.ts';
import { AppError } from '../../src/platform/errors.ts';
import { describeSchema } from '../../src/schema.ts';

type Map = Readonly<Record<string, Readonly<Record<string, FieldAccess>>>>;

type Limiter = GuardParts['limiter'];
const guard = (schema: GraphQLSchema, map: Map, giveBack: Limiter['giveBack'] = async () => undefined): GraphQLSchema =>
  guardSchema(schema, {
    map,
    limiter: { check: async () => undefined, giveBack },
    exemptions: { KNOWN_DEVICE: { isExempt: async () => false, ended: async () => undefined } },
    refuseBadInput: () => undefined,
  });
const row = (rule: FieldAccess['rule']): FieldAccess => ({ rule, limits: [] });

/** Only what rules look at. */
function contextOf(
  userId: string | undefined,
  permissions: readonly Permission[] = [],
  proven?: string,
): RequestContext {
  const viewer = userId === undefined ? undefined : { userId, permissions: new Set(permissions) };
  return {
    findViewer: async () => viewer,
    getViewer: async () => {
      if (!viewer) throw new AppError('UNAUTHENTICATED', 'Log in.');
      return viewer;
    },
    knownViewer: viewer,
    provenUserId: proven,
    hiddenFields: 0,
  } as unknown as RequestContext;
}

describe('the server does not start', () => {
  const without = (type: string, field?: string): Map => {
    const { [type]: fields = {}, ...others } = ACCESS_MAP;
    if (field === undefined) return others;
    const { [field]: _, ...rest } = fields;
    return { ...others, [type]: rest };
  };

  test.each([
    ['Query', 'me'],
    ['Mutation', 'login'],
    ['User', 'email'],
    ['Profile', 'phone'],
    ['LogoutPayload', 'loggedOut'],
  ])('when %s.%s has no row: it names it', (type, field) => {
    expect(() => guard(describeSchema(), without(type, field))).toThrow(
      `The access map has no row for ${type}.${field}.`,
    );
  });

  test('when a whole type has no row, and names all that lack one', () => {
    expect(() => guard(describeSchema(), without('PasswordPolicy'))).toThrow(
      'no row for PasswordPolicy.minLength, PasswordPolicy.maxLength, PasswordPolicy.refuses',
    );
  });

  test('when a row names no field, so that none is guarded under a name that was mistyped', () => {
    const mistyped = { ...ACCESS_MAP, User: { ...ACCESS_MAP['User'], emial: row(asParent) } };
    expect(() => guard(describeSchema(), mistyped)).toThrow('rows for no field: User.emial');
    expect(() => guard(describeSchema(), { ...ACCESS_MAP, Usr: { id: row(asParent) } })).toThrow('Usr.id');
  });

  test('but does with every field and row matched: the twin of the above', () => {
    expect(() => guard(describeSchema(), ACCESS_MAP)).not.toThrow();
  });

  test('with a row that an object’s prototype would lend', () => {
    const schema = buildSchema('type Query { constructor: String toString: String }');
    expect(() => guard(schema, { Query: {} })).toThrow('Query.constructor, Query.toString');
  });
});

describe('a field of a person', () => {
  const schema = buildSchema(`
    type Query { user: User }
    type User { id: ID! email: String sessions: String profile: Profile! }
    type Profile { phone: String }`);
  const { email, sessions, id, profile } = ACCESS_MAP['User'] ?? {};
  const { phone } = ACCESS_MAP['Profile'] ?? {};
  if (!email || !sessions || !id || !profile || !phone) throw new TypeError('The access map lacks the rows');
  const guarded = guard(schema, {
    Query: { user: row(anyone) },
    User: { id, email, sessions, profile },
    Profile: { phone },
  });
  const rootValue = {
    user: {
      id: 'ada',
      email: 'ada@example.com',
      sessions: 'sessions',
      profile: { userId: 'ada', phone: '+41446681800' },
    },
  };
  const read = async (context: RequestContext) => {
    const { data, errors } = await graphql({
      schema: guarded,
      source: '{ user { id email sessions again: email profile { phone } } }',
      rootValue,
      contextValue: context,
    });
    return { errors, ...JSON.parse(JSON.stringify(data?.['user'])), hidden: context.hiddenFields };
  };
  const ALL = {
    id: 'ada',
    email: 'ada@example.com',
    again: 'ada@example.com',
    sessions: 'sessions',
    profile: { phone: '+41446681800' },
  };
  const NONE = { id: 'ada', email: null, again: null, sessions: null, profile: { phone: null } };

  test('is read by themselves, and by whoever has just proved to be them', async () => {
    expect(await read(contextOf('ada'))).toEqual({ ...ALL, hidden: 0 });
    expect(await read(contextOf(undefined, [], 'ada'))).toEqual({ ...ALL, hidden: 0 });
    expect(await read(contextOf('bob', [], 'ada'))).toEqual({ ...ALL, hidden: 0 });
  });

  test('is null to others, without an error, and counted for the audit trail', async () => {
    expect(await read(contextOf('bob'))).toEqual({ ...NONE, hidden: 4 });
    expect(await read(contextOf(undefined))).toEqual({ ...NONE, hidden: 4 });
    expect(await read(contextOf('bob', [], 'eve'))).toEqual({ ...NONE, hidden: 4 });
  });

  test.each(PERMISSIONS)('is read by others with the one permission that it names: %s', async (permission) => {
    const { hidden, ...seen } = await read(contextOf('bob', [permission]));
    const expected = {
      USERS_READ: { ...ALL, sessions: null },
      SESSIONS_READ: { ...NONE, sessions: 'sessions' },
    };
    expect(seen).toEqual(permission in expected ? expected[permission as keyof typeof expected] : NONE);
    expect(hidden).toBe(permission === 'USERS_READ' ? 1 : permission === 'SESSIONS_READ' ? 3 : 4);
  });

  test('of an object that says not whose it is, is nobody’s, also for a viewer without an id', () => {
    const rule = selfOr('USERS_READ');
    if (rule.kind !== 'hidden') throw new TypeError('Not a rule that hides');
    for (const parent of [{}, null, undefined, 'ada', { id: undefined }, { userId: undefined }]) {
      expect(rule.mayRead(parent, contextOf('bob'))).toBe(false);
      expect(rule.mayRead(parent, contextOf(undefined))).toBe(false);
    }
  });
});

describe('a guard', () => {
  const schema = buildSchema('type Query { secret: String other: String }');
  const answered: string[] = [];
  const rootValue = {
    secret: () => {
      answered.push('secret');
      return 'secret';
    },
    other: () => 'other',
  };
  const ask = (rule: FieldAccess['rule'], context: RequestContext) =>
    graphql({
      schema: guard(schema, { Query: { secret: row(rule), other: row(anyone) } }),
      source: '{ secret other }',
      rootValue,
      contextValue: context,
    });

  test('that refuses runs no resolver, keeps its code, and its neighbours keep their answers', async () => {
    answered.length = 0;
    const { data, errors } = await ask(loggedIn, contextOf(undefined));
    expect({ ...data }).toEqual({ secret: null, other: 'other' });
    expect(errors?.map(({ originalError }) => originalError)).toEqual([
      expect.objectContaining({ code: 'UNAUTHENTICATED' }),
    ]);
    expect(answered).toEqual([]);
    expect({ ...(await ask(loggedIn, contextOf('ada'))).data }).toEqual({ secret: 'secret', other: 'other' });
  });

  test.each([
    ['answers a refusal', async (refusal: AppError) => refusal],
    ['throws one', async (refusal: AppError) => Promise.reject(refusal)],
  ])('that %s says which field it is about, and has nobody collect stack frames', async (_, refuse) => {
    const limits = new Set<number>();
    const refusal = Object.defineProperty(new AppError('FORBIDDEN', 'No.'), 'stack', {
      // graphql-js asks for it while it makes its own error.
      get: () => limits.add(Error.stackTraceLimit),
    });
    const { errors } = await ask({ kind: 'guard', says: 'no', refuse: () => refuse(refusal) }, contextOf('ada'));
    expect(errors?.map(({ path, locations }) => ({ path, locations }))).toEqual([
      { path: ['secret'], locations: [{ line: 1, column: 3 }] },
    ]);
    expect(limits).toEqual(new Set([0]));
  });

  test.each([
    ['BUSY', ['untried']],
    ['FORBIDDEN', []],
  ] as const)('that answers %s gives attempts back as %p', async (code, outcomes) => {
    const told: unknown[] = [];
    const giveBack: Limiter['giveBack'] = async (_names, _args, _context, outcome) => void told.push(outcome);
    const refuse = async () => new AppError(code, 'No.');
    const access: FieldAccess = { rule: { kind: 'guard', says: 'no', refuse }, limits: ['loginByClient'] };
    const guarded = guard(schema, { Query: { secret: access, other: row(anyone) } }, giveBack);
    await graphql({ schema: guarded, source: '{ secret }', rootValue, contextValue: contextOf('ada') });
    expect(told).toEqual(outcomes);
  });

  test.each([
    [
      'throws an error',
      { kind: 'guard', says: 'broken', refuse: async () => Promise.reject(new Error('broken')) } as const,
    ],
    [
      'throws no error at all',
      { kind: 'guard', says: 'broken', refuse: async () => Promise.reject('broken') } as const,
    ],
  ])('that %s lets nobody through', async (_, rule) => {
    answered.length = 0;
    const { data, errors } = await ask(rule, contextOf('ada', PERMISSIONS));
    expect({ ...data }).toEqual({ secret: null, other: 'other' });
    expect(errors).toHaveLength(1);
    expect(answered).toEqual([]);
  });
});
