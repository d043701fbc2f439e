import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GraphQLNamedType, getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import { ACCESS_MAP } from '../../src/access/access-map.ts';
import { PERMISSIONS, type Permission } from '../../src/access/permissions.ts';
import { describeSchema } from '../../src/schema.ts';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { addRole } from '../support/administration-acts.ts';
import type { Answer, Json } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/** Another person, by every way that the schema has to one: who may reach them, and what of them is shown there. */

const schema = describeSchema();

/** Every way from a root field to a User, as `Query.users.edges.node`; `LoggedIn:` before a field of a union's member. */
function pathsToUser(type: GraphQLNamedType | undefined, path: string, above: readonly string[]): readonly string[] {
  if (isUnionType(type) || isInterfaceType(type)) {
    return schema.getPossibleTypes(type).flatMap((one) => pathsToUser(one, `${path}.${one.name}:`, above));
  }
  if (!isObjectType(type) || above.includes(type.name)) return [];
  if (type.name === 'User') return [path];
  return Object.values(type.getFields()).flatMap((field) => {
    const step = path.endsWith(':') ? `${path}${field.name}` : `${path}.${field.name}`;
    return pathsToUser(getNamedType(field.type), step, [...above, type.name]);
  });
}
const PATHS = (['Query', 'Mutation'] as const).flatMap((root) => pathsToUser(schema.getType(root), root, []));

/** All there is below a User, where each type is gone into once. */
function selectAll(type: GraphQLNamedType, above: readonly string[] = []): string {
  if (!isObjectType(type)) return '';
  if (above.includes(type.name)) return '{ __typename }';
  const fields = Object.values(type.getFields());
  return `{ ${fields.map(({ name, type: of }) => `${name} ${selectAll(getNamedType(of), [...above, type.name])}`).join(' ')} }`;
}
const userType = schema.getType('User');
if (!isObjectType(userType)) throw new TypeError('The schema has no User');
const EVERYTHING = selectAll(userType);

/** Fields that are null for others, as `User.email` and `Profile.phone`, with what opens them. */
const HIDDEN = new Map(
  ['User', 'Profile'].flatMap((type) =>
    Object.entries(ACCESS_MAP[type] ?? {}).flatMap(([field, { rule }]) => {
      const opens = /^self, or (\w+); else null$/.exec(rule.says)?.[1];
      return opens === undefined ? [] : [[`${type}.${field}`, opens] as const];
    }),
  ),
);

const PROFILE = {
  displayName: 'Ada',
  givenName: 'Augusta Ada',
  familyName: 'King',
  bio: 'Notes.',
  phone: '+41446681800',
  birthDate: '1815-12-10',
  address: { lines: ['12 St James Square'], locality: 'London', region: 'London', postalCode: 'SW1', country: 'GB' },
  avatarUrl: 'https://example.com/ada.png',
  locale: 'en-GB',
  timeZone: 'Europe/London',
};

let server: TestServer;
let victim: LoggedInClient;
let made = 0;

/** How a path leads to somebody else: what reaching them needs, and the arguments that name them. */
interface WayToOther {
  readonly needs: Permission;
  readonly args: () => string | Promise<string>;
  /** What nobody is shown, since nothing is there. */
  readonly lacks?: readonly string[];
}

const PROFILE_LITERAL = JSON.stringify(PROFILE).replaceAll(/"(\w+)":/g, '$1:');
const inputOf = (fields: string) => `(input: { ${fields} })`;
const ofVictim =
  (field: string, more = '') =>
  () =>
    inputOf(`${field}: "${victim.userId}"${more}`);
const newUser = () => {
  made += 1;
  return inputOf(`email: "made${made}@example.com", profile: ${PROFILE_LITERAL}`);
};
const OTHERS: Readonly<Record<string, WayToOther>> = {
  'Query.user': { needs: 'USERS_READ', args: () => `(id: "${victim.userId}")` },
  'Query.users.edges.node': { needs: 'USERS_READ', args: () => '(filter: { email: "victim@example.com" })' },
  'Query.users.nodes': { needs: 'USERS_READ', args: () => '(filter: { email: "victim@example.com" })' },
  'Query.auditEvents.edges.node.actor': {
    needs: 'AUDIT_READ',
    args: () => `(first: 1, filter: { actorId: "${victim.userId}" })`,
  },
  'Query.auditEvents.nodes.actor': {
    needs: 'AUDIT_READ',
    args: () => `(first: 1, filter: { actorId: "${victim.userId}" })`,
  },
  'Mutation.createUser.user': { needs: 'USERS_WRITE', args: newUser, lacks: ['Profile.updatedAt'] },
  'Mutation.disableUser.user': { needs: 'USERS_WRITE', args: ofVictim('id', ', reason: "x"') },
  'Mutation.enableUser.user': { needs: 'USERS_WRITE', args: ofVictim('id') },
  'Mutation.revokeUserSessions.user': { needs: 'SESSIONS_REVOKE', args: ofVictim('userId') },
  'Mutation.assignRole.user': { needs: 'ROLES_WRITE', args: ofVictim('userId', ', role: "user"') },
  'Mutation.unassignRole.user': { needs: 'ROLES_WRITE', args: ofVictim('userId', ', role: "user"') },
  'Mutation.eraseUser.user': {
    needs: 'USERS_ERASE',
    lacks: [...HIDDEN.keys()].filter((field) => field !== 'User.sessions'),
    args: async () => {
      const { data } = await reader('everything').client.send(`mutation { createUser${newUser()} { user { id } } }`);
      return inputOf(`id: "${data['createUser'].user.id}", reason: "x"`);
    },
  },
};

/** Paths that lead to whoever sends the request, or has just proved who they are, and to nobody else. */
const OWN: Readonly<Record<string, (own: LoggedInClient) => string | Promise<string>>> = {
  'Query.me': () => '',
  'Mutation.login.LoggedIn:user': () => inputOf(`email: "owner@example.com", password: "${PASSWORD}"`),
  'Mutation.refresh.user': ({ refreshToken }) => inputOf(`refreshToken: "${refreshToken}"`),
  'Mutation.reauthenticate.user': () => inputOf(`password: "${PASSWORD}"`),
  'Mutation.updateProfile.user': () => inputOf('displayName: "Owner"'),
  'Mutation.revokeSession.user': async () => inputOf(`id: "${(await server.logIn('owner@example.com')).sessionId}"`),
  'Mutation.revokeOtherSessions.user': () => '',
  'Mutation.confirmEmailChange.user': async ({ client }) => {
    await client.send('mutation { requestEmailChange(input: { newEmail: "owner2@example.com" }) { accepted } }');
    return inputOf(`token: "${await server.mails.token('owner2@example.com')}"`);
  },
};

const but = (...missing: Permission[]) => PERMISSIONS.filter((permission) => !missing.includes(permission));
const READERS: Readonly<Record<string, readonly Permission[]>> = {
  nothing: [],
  'USERS_READ alone': ['USERS_READ'],
  'SESSIONS_READ alone': ['SESSIONS_READ'],
  'everything but to read': but('USERS_READ', 'SESSIONS_READ'),
  'everything but USERS_READ': but('USERS_READ'),
  'everything but SESSIONS_READ': but('SESSIONS_READ'),
  everything: PERMISSIONS,
};
const readers = new Map<string, LoggedInClient>();
function reader(name: string): LoggedInClient {
  const found = readers.get(name);
  if (!found) throw new TypeError(`There is no reader who holds ${name}`);
  return found;
}

beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await server.signUp('victim@example.com', PASSWORD, PROFILE);
  victim = await server.logIn('victim@example.com');
  await victim.client.send('mutation { updateProfile(input: { bio: "More." }) { user { id } } }');
  await server.signUp('owner@example.com', PASSWORD, PROFILE);
  const owner = await server.logIn('owner@example.com');
  await owner.client.send('mutation { updateProfile(input: { bio: "More." }) { user { id } } }');
  for (const [at, [name, permissions]] of Object.entries(READERS).entries()) {
    await addRole(server, `role${at}`, ...permissions);
    readers.set(name, await server.person(`reader${at}@example.com`, `role${at}`));
  }
});
afterAll(() => server.stop());

/** The operation that asks for all of whom a path leads to. */
function documentOf(path: string, args: string): string {
  const [root = '', field = '', ...rest] = path.replaceAll(':', '.').split('.');
  const inner = rest.reduceRight(
    (below, step) => (/^[A-Z]/.test(step) ? `{ ... on ${step} ${below} }` : `{ ${step} ${below} }`),
    EVERYTHING,
  );
  return `${root.toLowerCase()} { ${field}${args} ${inner} }`;
}

/** Whom the path has led to in an answer; undefined where something on it is null. */
function userIn(path: string, data: Json): Json | undefined {
  const [, ...steps] = path.replace(/\w+:/g, '').split('.').filter(Boolean);
  let value: Json | undefined = data;
  for (const step of steps) {
    const next: Json | Json[] | undefined = value?.[step];
    value = Array.isArray(next) ? next[0] : (next ?? undefined);
  }
  return value;
}

/** Which of the hidden fields are null in an answer. */
function nullsOf(user: Json): readonly string[] {
  const names = [...HIDDEN.keys()];
  const read = (name: string) => {
    const [type, field = ''] = name.split('.');
    return type === 'User' ? user[field] : user['profile'][field];
  };
  // Asked for, all of them: what is undefined was forgotten in the selection.
  expect(names.filter((name) => read(name) === undefined)).toEqual([]);
  return names.filter((name) => read(name) === null);
}

/** The refusals of a request in the audit trail: what was hidden, or denied. */
async function refusalsOf({ headers }: Answer, count: number) {
  const find = (): Promise<{ type: string; details: object }[]> =>
    server.database.query(
      `SELECT type, details FROM audit_events WHERE request_id = $1 AND type LIKE 'access.%' ORDER BY type`,
      [headers.get('x-request-id')],
    );
  if (count === 0) await sleep(30);
  await until('the refusal was written', async () => (await find()).length >= count);
  return find();
}

describe('the ways to a user', () => {
  test('are these, each to oneself or to others', () => {
    expect([...Object.keys(OTHERS), ...Object.keys(OWN)].sort()).toEqual([...PATHS].sort());
  });

  test('show an address, sessions and every field of a profile to nobody by default', () => {
    const profile = Object.keys(ACCESS_MAP['Profile'] ?? {}).map((field) => `Profile.${field}`);
    expect([...HIDDEN.keys()].sort()).toEqual([...profile, 'User.email', 'User.sessions'].sort());
    for (const [field, opens] of HIDDEN) expect(opens).toBe(field === 'User.sessions' ? 'SESSIONS_READ' : 'USERS_READ');
  });
});

describe('another person (v5.0.0-8.2.2, v5.0.0-8.2.3)', () => {
  const cases = Object.keys(OTHERS).flatMap((path) => Object.keys(READERS).map((name) => [path, name] as const));

  test.each(cases)('by %s, for a holder of %s', async (path, name) => {
    const way = OTHERS[path];
    if (!way) throw new TypeError(`${path} is not here`);
    const holds = (permission: string | undefined) => READERS[name]?.some((one) => one === permission) === true;
    const answer = await reader(name).client.send(documentOf(path, await way.args()));
    const user = userIn(path, answer.data);
    if (!holds(way.needs)) {
      expect(user).toBeUndefined();
      expect(answer.text).not.toContain('victim@example.com');
      expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(
        path === 'Query.user' ? [] : ['FORBIDDEN'],
      );
      expect((await refusalsOf(answer, 1)).map(({ type }) => type)).toEqual([
        path === 'Query.user' ? 'access.hidden' : 'access.denied',
      ]);
      return;
    }
    expect(answer.errors).toEqual([]);
    if (!user) throw new TypeError(`${path} led to nobody: ${answer.text}`);
    const forbidden = [...HIDDEN].filter(([, opens]) => !holds(opens)).map(([field]) => field);
    expect([...nullsOf(user)].sort()).toEqual([...new Set([...forbidden, ...(way.lacks ?? [])])].sort());
    // One event for all of them.
    expect(await refusalsOf(answer, forbidden.length > 0 ? 1 : 0)).toEqual(
      forbidden.length > 0 ? [{ type: 'access.hidden', details: { fields: forbidden.length } }] : [],
    );
  });

  test.each(Object.keys(OTHERS))('by %s is nobody for whoever is not logged in', async (path) => {
    const args = path === 'Mutation.eraseUser.user' ? ofVictim('id', ', reason: "x"')() : await OTHERS[path]?.args();
    const answer = await server.anyone.send(documentOf(path, args ?? ''));
    expect(userIn(path, answer.data)).toBeUndefined();
    expect(answer.code).toBe('UNAUTHENTICATED');
  });
});

describe('oneself', () => {
  test.each(Object.keys(OWN))('by %s is all there, and nobody else', async (path) => {
    const own = await server.logIn('owner@example.com');
    const answer = await own.client.send(documentOf(path, (await OWN[path]?.(own)) ?? ''));
    expect(answer.errors).toEqual([]);
    const user = userIn(path, answer.data);
    expect(user?.['id']).toBe(own.userId);
    expect(nullsOf(user ?? {})).toEqual([]);
    expect(await refusalsOf(answer, 0)).toEqual([]);
  });
});
