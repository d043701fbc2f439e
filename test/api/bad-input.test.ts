import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLObjectType, getNamedType, isInputObjectType, isNonNullType } from 'graphql';
import { ERROR_CODES } from '../../src/platform/errors.ts';
import { describeSchema } from '../../src/schema.ts';
import { login, register, settled, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Answer } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const CANARY = 'Kanarienvogel-4711';
const REGISTER = 'mutation Register($input: RegisterInput!) { register(input: $input) { accepted } }';

let server: TestServer;
let ada: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  // Of somebody without permissions, input of administration would not even be looked at.
  ada = await server.person('ada@example.com', 'admin');
});
afterAll(() => server.stop());

/** How many rows each table has, but those in which refusals are recorded. */
async function rowCounts(): Promise<Record<string, number>> {
  await settled(server);
  const tables: { name: string }[] = await server.database.query(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name NOT LIKE 'audit%' AND table_name <> 'day_keys'`,
  );
  const counts = tables.map(async ({ name }) => {
    const [row] = await server.database.query(`SELECT count(*)::int AS count FROM "${name}"`);
    return [name, row.count] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

/** What must hold of any answer to anything bad. */
function expectClean({ text, status, headers, errors }: Answer): void {
  expect(text).not.toContain(CANARY);
  expect(text.toLowerCase()).not.toContain(CANARY.toLowerCase());
  expect(text).not.toMatch(/stack|node_modules|\.ts:|\bat \w+ \(|Did you mean|QueryFailed|postgres/i);
  expect([200, 400, 413]).toContain(status);
  expect(headers.get('content-type')).toMatch(/^application\/(?:graphql-response\+)?json; charset=utf-8$/);
  for (const { extensions, ...rest } of errors) {
    expect(Object.keys(rest).filter((key) => !['message', 'path', 'locations'].includes(key))).toEqual([]);
    expect(ERROR_CODES.filter((code) => code !== 'INTERNAL_SERVER_ERROR')).toContain(extensions.code);
    expect(extensions.requestId).toBe(headers.get('x-request-id'));
  }
}

const problems = ({ errors }: Answer) =>
  (errors[0]?.extensions.fields ?? []).map(({ path, code }) => `${path.join('.')} ${code}`).sort();

describe('every bad value of a request is told at once', () => {
  const BAD = {
    email: `${CANARY} at example.com`,
    password: 'short',
    profile: {
      displayName: 'x'.repeat(101),
      givenName: `${CANARY}\u0000`,
      familyName: `line\nbreak ${CANARY}`,
      bio: 'y'.repeat(2_001),
      phone: `+41 ${CANARY}`,
      birthDate: `1990-02-30`,
      address: { lines: [], country: 'z'.repeat(101) },
      avatarUrl: `javascript:alert("${CANARY}")`,
      locale: `not a locale ${CANARY}`,
      timeZone: `Mars/${CANARY}`,
    },
  };
  const EXPECTED = [
    'input.email INVALID_FORMAT',
    'input.password TOO_SHORT',
    'input.profile.address.country TOO_LONG',
    'input.profile.address.lines TOO_SHORT',
    'input.profile.avatarUrl INVALID_FORMAT',
    'input.profile.bio TOO_LONG',
    'input.profile.birthDate INVALID_FORMAT',
    'input.profile.displayName TOO_LONG',
    'input.profile.familyName INVALID_FORMAT',
    'input.profile.givenName INVALID_FORMAT',
    'input.profile.locale INVALID_FORMAT',
    'input.profile.phone INVALID_FORMAT',
    'input.profile.timeZone INVALID_FORMAT',
  ];
  /** The same input as literals of the document. */
  const literal = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    return `{ ${Object.entries(value)
      .map(([name, inner]) => `${name}: ${literal(inner)}`)
      .join(' ')} }`;
  };

  test.each([
    ['in variables', () => server.anyone.send(REGISTER, { input: BAD })],
    ['in literals', () => server.anyone.send(`mutation { register(input: ${literal(BAD)}) { accepted } }`)],
    [
      'in variables of single fields',
      () =>
        server.anyone.send(
          `mutation M($email: EmailAddress!, $profile: UpdateProfileInput) {
            register(input: { email: $email, password: "short", profile: $profile }) { accepted } }`,
          { email: BAD.email, profile: BAD.profile },
        ),
    ],
  ])('%s, the password among them, and no value is repeated', async (way, send) => {
    const before = await rowCounts();
    const answer = await send();
    expectClean(answer);
    expect(answer.code).toBe('BAD_USER_INPUT');
    expect(answer.errors).toHaveLength(1);
    if (way !== 'in variables of single fields') {
      expect(problems(answer)).toEqual(EXPECTED);
      const ofPassword = answer.errors[0]?.extensions.fields?.find(({ path }) => path[1] === 'password');
      expect(ofPassword?.reasons).toContain('TOO_SHORT');
    } else {
      expect(problems(answer)).toHaveLength(EXPECTED.length);
    }
    expect(await rowCounts()).toEqual(before);
  });

  test('a weak password alone is WEAK_PASSWORD, with the same fields', async () => {
    const { errors, code, text } = await register(server.anyone, 'fine@example.com', 'password1');
    expect(code).toBe('WEAK_PASSWORD');
    expect(errors[0]?.extensions.reasons).toEqual(expect.arrayContaining(['TOO_SHORT']));
    expect(errors[0]?.extensions.fields).toEqual([
      expect.objectContaining({ path: ['input', 'password'], reasons: errors[0]?.extensions.reasons }),
    ]);
    expect(text).not.toContain('password1');
  });

  test('a password made of the person’s own address or name is found with the rest of the input', async () => {
    const { errors } = await register(server.anyone, 'quirinius@example.com', 'quirinius quirinius');
    expect(errors[0]?.extensions.reasons).toContain('PERSONAL');
  });

  test.each(['\u0000', '\ud800', '\udc00\ud800'])(
    'a password with %j is none, to be set or to log in with',
    async (part) => {
      const before = await rowCounts();
      const password = `${PASSWORD}${part}${PASSWORD}`;
      const registered = await register(server.anyone, 'bytes@example.com', password);
      const loggedIn = await login(server.anyone, 'ada@example.com', password);
      for (const answer of [registered, loggedIn]) {
        expect(problems(answer)).toEqual(['input.password INVALID_FORMAT']);
        expect(answer.text).not.toContain(PASSWORD);
      }
      expect(await rowCounts()).toEqual(before);
    },
  );

  test('good values are taken: the twin of the above', async () => {
    const profile = {
      displayName: 'x'.repeat(100),
      bio: 'line\nbreak',
      phone: '+41 44 668 18 00',
      birthDate: '1990-02-28',
      address: { lines: ['a'], country: 'CH' },
      avatarUrl: 'https://example.com/a.png',
      locale: 'de-CH',
      timeZone: 'Europe/Zurich',
    };
    expect((await register(server.anyone, 'good@example.com', PASSWORD, profile)).code).toBeUndefined();
    await settled(server);
  });
});

describe('a body that holds no request', () => {
  const json = (value: unknown) => JSON.stringify(value);
  const query = '{ serverInfo { version } }';
  const BODIES: readonly (readonly [string, string, number, string])[] = [
    ['malformed JSON', `{"query": "${CANARY}`, 400, 'BAD_USER_INPUT'],
    ['no JSON at all', CANARY, 400, 'BAD_USER_INPUT'],
    ['an empty body', '', 400, 'BAD_USER_INPUT'],
    ['null', 'null', 400, 'BAD_USER_INPUT'],
    ['a text', json(CANARY), 400, 'BAD_USER_INPUT'],
    ['a batch', json([{ query }]), 400, 'BAD_USER_INPUT'],
    ['no query', json({ [CANARY]: 1 }), 400, 'BAD_USER_INPUT'],
    ['a query that is a number', json({ query: 4711 }), 400, 'BAD_USER_INPUT'],
    ['a query that is an object', json({ query: { [CANARY]: 1 } }), 400, 'BAD_USER_INPUT'],
    ['an empty query', json({ query: '' }), 400, 'BAD_USER_INPUT'],
    ['variables that are a text', json({ query, variables: CANARY }), 400, 'BAD_USER_INPUT'],
    ['variables that are a list', json({ query, variables: [CANARY] }), 400, 'BAD_USER_INPUT'],
    ['extensions that are a text', json({ query, extensions: CANARY }), 400, 'BAD_USER_INPUT'],
    ['an operation name that is a number', json({ query, operationName: 7 }), 400, 'BAD_USER_INPUT'],
    ['the name of no operation', json({ query, operationName: CANARY }), 400, 'BAD_USER_INPUT'],
    ['a syntax error', json({ query: `{ serverInfo { "${CANARY}" } }` }), 400, 'GRAPHQL_PARSE_FAILED'],
    ['a null byte in the query', json({ query: `{ me { id } } \u0000 ${CANARY}` }), 400, 'GRAPHQL_PARSE_FAILED'],
    ['half a character in the query', '{"query":"{ me { id } } \\ud800"}', 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', json({ query: `{ ${CANARY.replaceAll('-', '_')} }` }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a document without an operation', json({ query: 'fragment F on User { id }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a type definition', json({ query: 'type Query { a: Int }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription', json({ query: 'subscription { me { id } }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a body too large', json({ query, variables: { a: 'x'.repeat(100_000) } }), 413, 'BAD_USER_INPUT'],
  ];

  test.each(BODIES)('%s', async (what, body, status, code) => {
    const answer = await ada.client.post(body);
    expect(answer.text).not.toContain(what === 'an unknown field' ? 'Did you mean' : CANARY);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.errors[0]?.extensions.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.data).toBeUndefined();
  });

  test.each([
    [
      'keys that reach for a prototype',
      `{"query":"{ me { id } }","__proto__":{"admin":true},"constructor":{"prototype":{}}}`,
    ],
    ['a prototype among the variables', `{"query":"{ me { id } }","variables":{"__proto__":{"admin":true}}}`],
    [
      'variables nested without end',
      `{"query":"{ me { id } }","variables":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`,
    ],
    ['members that nobody knows', `{"query":"{ me { id } }","${CANARY}":1}`],
  ])('%s: refused, or as if they were not there', async (_, body) => {
    const answer = await ada.client.post(body);
    expectClean(answer);
    if (answer.code === undefined) expect(answer.data).toEqual({ me: { id: ada.userId } });
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });
});

const mutations = describeSchema().getMutationType();
if (!(mutations instanceof GraphQLObjectType)) throw new TypeError('The schema has no mutations');
const withInput = Object.values(mutations.getFields()).flatMap((field) => {
  const [input] = field.args;
  const type = input && getNamedType(input.type);
  return type && isInputObjectType(type) ? [{ name: field.name, type }] : [];
});

/** Values by which each input fails, whatever else is right or wrong in it: so nothing may be written. */
const FAILING: Readonly<Record<string, Record<string, unknown>>> = {
  register: { email: 'no address', password: 'weak' },
  verifyEmail: { token: 'x' },
  resendVerification: { email: 'no address' },
  requestEmailChange: { newEmail: 'no address' },
  confirmEmailChange: { token: 'x' },
  revertEmailChange: { token: 'x' },
  login: { email: 'ada@example.com', password: 'a wrong password' },
  refresh: { refreshToken: 'x' },
  reauthenticate: { password: 'a wrong password' },
  serviceToken: { audience: 'x' },
  logout: { refreshToken: 'x' },
  revokeSession: { id: 'x' },
  changePassword: { currentPassword: 'a wrong password', newPassword: 'weak' },
  requestPasswordReset: { email: 'no address' },
  resetPassword: { token: 'x', newPassword: 'entirely other words' },
  updateProfile: { phone: 'no number' },
  eraseMe: { confirmEmail: 'no address' },
  eraseUser: { id: 'x', reason: 'x' },
  createUser: { email: 'no address' },
  disableUser: { id: 'x', reason: 'x' },
  enableUser: { id: 'x' },
  revokeUserSessions: { userId: 'x' },
  createRole: { name: 'No Name', description: 'x', permissions: [] },
  updateRole: { name: 'x' },
  deleteRole: { name: 'x' },
  assignRole: { userId: 'x', role: 'x' },
  unassignRole: { userId: 'x', role: 'x' },
};

const NASTY: readonly unknown[] = [
  null,
  1.5,
  [CANARY],
  {},
  { [CANARY]: CANARY },
  '',
  CANARY,
  `${CANARY}\u0000`,
  `${CANARY}\ud800`,
  `${CANARY}\u202e\u2028\r\n`,
  CANARY.repeat(1_000),
  '﷽'.repeat(2_000),
  `' OR 1=1; --${CANARY}`,
  '00000000-0000-0000-0000-000000000000',
];

describe('every mutation', () => {
  test('has an input here that fails', () => {
    expect(Object.keys(FAILING).sort()).toEqual(withInput.map(({ name }) => name).sort());
  });

  test.each(withInput)(
    '$name: no value of any field makes it answer 500, repeat it, or write by halves',
    async ({ name, type }) => {
      const client = name === 'logout' ? server.anyone : ada.client;
      const document = `mutation M($input: ${type.name}!) { ${name}(input: $input) { __typename } }`;
      const before = await rowCounts();
      const inputs = [
        ...Object.keys(type.getFields()).flatMap((field) =>
          NASTY.map((value) => ({ ...FAILING[name], [field]: value })),
        ),
        ...NASTY.map((value) => ({ ...FAILING[name], [`${CANARY}_unknown`]: value })),
        ...NASTY.filter((value) => value !== null),
      ];
      // What has no right address or token fails by that; what changes the failing value itself is bad, too, or fails as it did.
      const answers = await Promise.all(inputs.map((input) => client.send(document, { input })));
      for (const answer of answers) expectClean(answer);
      const succeeded = answers.filter(({ errors }) => errors.length === 0);
      if (!['logout', 'updateProfile'].includes(name)) expect(succeeded.map(({ text }) => text)).toEqual([]);
      expect(await rowCounts()).toEqual(before);
      expect((await ada.client.send('{ me { id } }')).data).toEqual({ me: { id: ada.userId } });
    },
  );

  test.each(withInput.filter(({ type }) => Object.values(type.getFields()).some((field) => isNonNullType(field.type))))(
    '$name: missing fields are told with their paths',
    async ({ name, type }) => {
      const required = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) && field.defaultValue === undefined,
      );
      const answer = await ada.client.send(
        `mutation M($input: ${type.name}!) { ${name}(input: $input) { __typename } }`,
        { input: {} },
      );
      expect(answer.code).toBe('BAD_USER_INPUT');
      expect(problems(answer)).toEqual(required.map((field) => `input.${field.name} REQUIRED`).sort());
    },
  );
});
