import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BadField } from '../../src/platform/errors.ts';
import { inputSchema, startInputServer } from '../support/input-server.ts';

let server: Awaited<ReturnType<typeof startInputServer>>;
beforeAll(async () => {
  server = await startInputServer();
});
afterAll(() => server.stop());

const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) }';
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) }';
const GOOD = { email: 'ada@example.com', password: 'correct horse battery' };

const short = (fields: readonly BadField[] | undefined) => fields?.map(({ path, code }) => `${path.join('.')} ${code}`);

/** Code, HTTP status and entries (`path CODE`) of the only error. */
async function refusal(query: string, variables?: object) {
  const { status, errors } = await server.ask(query, variables);
  expect(errors).toHaveLength(1);
  const { code, fields, reasons } = errors[0]?.extensions ?? {};
  return { status, code, fields: short(fields), reasons };
}

describe('the declarations', () => {
  test('reach the schema as extensions, of input classes and of args classes', () => {
    const profile = inputSchema.getType('ProfileInput');
    expect(profile && 'getFields' in profile ? profile.getFields()['bio']?.extensions : undefined).toEqual({
      limits: { maxLength: 50, multiline: true },
    });
    const users = inputSchema.getQueryType()?.getFields()['users'];
    expect(users?.args.find(({ name }) => name === 'first')?.extensions).toEqual({ limits: { min: 1, max: 100 } });
  });

  test('cost nothing where a field has no arguments', () => {
    const fields = inputSchema.getQueryType()?.getFields();
    expect(fields?.['me'] && server.problems.checkOf(fields['me'])).toBeUndefined();
    expect(fields?.['user'] && server.problems.checkOf(fields['user'])).toBeInstanceOf(Function);
  });

  test('are read once per field', () => {
    const user = inputSchema.getQueryType()?.getFields()['user'];
    expect(user && server.problems.checkOf(user)).toBe(user && server.problems.checkOf(user));
  });
});

describe('what is right', () => {
  test('passes, as variables and as literals', async () => {
    expect(await server.ask(REGISTER, { input: GOOD })).toMatchObject({
      status: 200,
      data: { register: 'ada@example.com' },
    });
    const literal = 'mutation { register(input: { email: " ada@example.com ", password: "correct horse battery" }) }';
    expect(await server.ask(literal)).toMatchObject({ data: { register: 'ada@example.com' }, errors: [] });
    expect(await server.ask(LOGIN, { input: GOOD })).toMatchObject({ data: { login: 'ada@example.com RED' } });
  });

  test('may be null or missing where the type allows it', async () => {
    const profile = { displayName: null, phone: null, address: null };
    expect(await server.ask(REGISTER, { input: { ...GOOD, profile } })).toMatchObject({ errors: [] });
    expect(await server.ask(LOGIN, { input: { ...GOOD, color: null } })).toMatchObject({
      data: { login: 'ada@example.com null' },
    });
    expect(await server.ask('query ($first: Int) { users(first: $first) }')).toMatchObject({
      data: { users: '20 since ever' },
    });
  });

  test('may have line breaks where lines were declared, and anything printable elsewhere', async () => {
    const profile = { bio: 'one\r\n\ttwo', displayName: 'Ada 👩‍💻 Łovelace' };
    expect(await server.ask(REGISTER, { input: { ...GOOD, profile } })).toMatchObject({ errors: [] });
  });

  test('counts code points, not UTF-16 units', async () => {
    expect(await server.ask(REGISTER, { input: { ...GOOD, profile: { displayName: '👩'.repeat(20) } } })).toMatchObject(
      {
        errors: [],
      },
    );
    expect(await refusal(REGISTER, { input: { ...GOOD, profile: { displayName: '👩'.repeat(21) } } })).toMatchObject({
      fields: ['input.profile.displayName TOO_LONG'],
    });
  });
});

describe('bad values of one field', () => {
  const bad = {
    email: 'nobody',
    password: 'short',
    profile: {
      displayName: 'x'.repeat(21),
      bio: 'bell \u0007',
      phone: '0176 1234567',
      birthDate: '1990-02-30',
      avatarUrl: 'javascript:alert(1)',
      locale: 'de_CH',
      timeZone: '+01:00',
      address: { lines: ['fine', ' ', 'x'.repeat(11)], country: 'a\nb' },
    },
  };
  const all = [
    'input.email INVALID_FORMAT',
    'input.password TOO_SHORT',
    'input.profile.displayName TOO_LONG',
    'input.profile.bio INVALID_FORMAT',
    'input.profile.phone INVALID_FORMAT',
    'input.profile.birthDate INVALID_FORMAT',
    'input.profile.address.lines.1 REQUIRED',
    'input.profile.address.lines.2 TOO_LONG',
    'input.profile.address.country INVALID_FORMAT',
    'input.profile.avatarUrl INVALID_FORMAT',
    'input.profile.locale INVALID_FORMAT',
    'input.profile.timeZone INVALID_FORMAT',
  ];

  test("are all listed at once, a scalar's, a constraint's and the password policy's", async () => {
    const { status, code, fields } = await refusal(REGISTER, { input: bad });
    expect({ status, code }).toEqual({ status: 200, code: 'BAD_USER_INPUT' });
    expect(fields?.sort()).toEqual([...all].sort());
  });

  test('are the same as literals, and with variables inside an object', async () => {
    const literal = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      return `{ ${Object.entries(value)
        .map(([key, item]) => `${key}: ${literal(item)}`)
        .join(', ')} }`;
    };
    const asLiteral = await refusal(`mutation { register(input: ${literal(bad)}) }`);
    expect(asLiteral.fields?.sort()).toEqual([...all].sort());
    const mixed = `mutation ($email: EmailAddress!, $password: String! = "short", $phone: PhoneNumber, $line: String!) {
      register(input: { email: $email, password: $password, profile: { phone: $phone, address: { lines: ["fine", $line] } } })
    }`;
    expect(await refusal(mixed, { email: 'nobody', phone: '0176 1234567', line: ' ' })).toMatchObject({
      fields: [
        'input.email INVALID_FORMAT',
        'input.password TOO_SHORT',
        'input.profile.phone INVALID_FORMAT',
        'input.profile.address.lines.1 REQUIRED',
      ],
    });
  });

  test('leave the answers of its neighbours alone', async () => {
    const { status, data, errors } = await server.ask(
      'query ($id: ID!, $first: Int) { me user(id: $id) users(first: $first) }',
      { id: 'a\u0000b', first: 101 },
    );
    expect({ status, data }).toEqual({ status: 200, data: { me: 'me', user: null, users: null } });
    expect(errors.map(({ path, extensions }) => [path, extensions.code, short(extensions.fields)])).toEqual([
      [['user'], 'BAD_USER_INPUT', ['id INVALID_FORMAT']],
      [['users'], 'BAD_USER_INPUT', ['first OUT_OF_RANGE']],
    ]);
    expect(errors[1]?.extensions.fields?.[0]?.limit).toBe(100);
  });
});

describe('a password', () => {
  test('that is the only bad value is WEAK_PASSWORD, with its reasons and the same fields', async () => {
    const { errors } = await server.ask(REGISTER, { input: { ...GOOD, password: 'short' } });
    const entry = { path: ['input', 'password'], code: 'TOO_SHORT', limit: 15, reasons: ['TOO_SHORT'] };
    expect(errors[0]?.extensions).toMatchObject({ code: 'WEAK_PASSWORD', reasons: ['TOO_SHORT'], fields: [entry] });
  });

  test('among others is an entry with its reasons, NOT_ALLOWED where its length is right', async () => {
    const input = { email: 'ada@example.com', password: 'I am ada@example.com', profile: { phone: 'none' } };
    const { errors } = await server.ask(REGISTER, { input });
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.extensions.reasons).toBeUndefined();
    expect(errors[0]?.extensions.fields).toMatchObject([
      { path: ['input', 'password'], code: 'NOT_ALLOWED', reasons: ['PERSONAL'] },
      { path: ['input', 'profile', 'phone'], code: 'INVALID_FORMAT' },
    ]);
  });

  test('is judged by what stands beside it: address and profile', async () => {
    const input = { ...GOOD, password: 'Countess Lovelace!!', profile: { displayName: 'Lovelace' } };
    expect(await refusal(REGISTER, { input })).toMatchObject({ code: 'WEAK_PASSWORD', reasons: ['PERSONAL'] });
    expect((await server.ask(REGISTER, { input: { ...input, profile: { displayName: 'Ada' } } })).errors).toEqual([]);
  });

  test('is judged beside an address that was refused', async () => {
    expect(await refusal(REGISTER, { input: { email: 'x', password: 'short' } })).toMatchObject({
      fields: ['input.email INVALID_FORMAT', 'input.password TOO_SHORT'],
    });
  });

  test.each([
    ['U+0000', 'a nul \0 in the midst'],
    ['half a surrogate pair', 'a half pair \ud83d there'],
    ['U+0000, and short besides,', 'x\0'],
  ])('with %s is INVALID_FORMAT, new or old', async (_name, password) => {
    const fields = ['input.password INVALID_FORMAT'];
    expect(await refusal(REGISTER, { input: { ...GOOD, password } })).toMatchObject({ code: 'BAD_USER_INPUT', fields });
    expect(await refusal(LOGIN, { input: { ...GOOD, password } })).toMatchObject({ code: 'BAD_USER_INPUT', fields });
  });

  test('may hold other control characters, and spaces at its ends', async () => {
    const password = ' \u0007tab\tand\nline\u2028break ';
    expect((await server.ask(REGISTER, { input: { ...GOOD, password } })).errors).toEqual([]);
    expect((await server.ask(LOGIN, { input: { ...GOOD, password } })).errors).toEqual([]);
  });

  test('that was set before is refused over 256 code points, and not under 15', async () => {
    expect(await refusal(LOGIN, { input: { ...GOOD, password: 'x'.repeat(257) } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: ['input.password TOO_LONG'],
    });
    expect((await server.ask(LOGIN, { input: { ...GOOD, password: 'x'.repeat(256) } })).errors).toEqual([]);
    expect((await server.ask(LOGIN, { input: { ...GOOD, password: 'x' } })).errors).toEqual([]);
  });
});

describe('limits', () => {
  test.each([
    ['x', 'TOO_SHORT', 2],
    ['👩', 'TOO_SHORT', 2],
    ['xxxxxxxxx', 'TOO_LONG', 8],
    ['   ', 'REQUIRED', undefined],
    ['', 'REQUIRED', undefined],
    ['ab\u007f', 'INVALID_FORMAT', undefined],
    ['ab\u2028', 'INVALID_FORMAT', undefined],
    ['ab\udc00', 'INVALID_FORMAT', undefined],
  ])('%j is %s', async (code, problem, limit) => {
    const { errors } = await server.ask(LOGIN, { input: { ...GOOD, code } });
    expect(errors[0]?.extensions.fields).toHaveLength(1);
    expect(errors[0]?.extensions.fields?.[0]).toMatchObject({ path: ['input', 'code'], code: problem });
    expect(errors[0]?.extensions.fields?.[0]?.limit).toBe(limit);
  });

  test('hold for a text without a declaration too: 4,096 characters of one line', async () => {
    const query = 'query ($after: String) { users(after: $after) }';
    expect((await server.ask(query, { after: 'x'.repeat(4_096) })).errors).toEqual([]);
    expect(await refusal(query, { after: 'x'.repeat(4_097) })).toMatchObject({ fields: ['after TOO_LONG'] });
    expect(await refusal(query, { after: 'a\nb' })).toMatchObject({ fields: ['after INVALID_FORMAT'] });
  });

  test('hold for lists: items declared, or 100', async () => {
    const lines = (count: number) => ({ input: { ...GOOD, profile: { address: { lines: Array(count).fill('x') } } } });
    expect((await server.ask(REGISTER, lines(3))).errors).toEqual([]);
    expect(await refusal(REGISTER, lines(4))).toMatchObject({ fields: ['input.profile.address.lines TOO_LONG'] });
    expect(await refusal(REGISTER, lines(0))).toMatchObject({ fields: ['input.profile.address.lines TOO_SHORT'] });
    const colors = (count: number) => ({ input: { ...GOOD, colors: Array(count).fill('RED') } });
    expect((await server.ask(LOGIN, colors(100))).errors).toEqual([]);
    expect(await refusal(LOGIN, colors(101))).toMatchObject({ fields: ['input.colors TOO_LONG'] });
  });

  test.each([[0], [-1], [101]])('refuse %d of a page of 1 to 100', async (first) => {
    expect(await refusal('query ($first: Int) { users(first: $first) }', { first })).toMatchObject({
      fields: ['first OUT_OF_RANGE'],
    });
    expect(await refusal(`{ users(first: ${first}) }`)).toMatchObject({ fields: ['first OUT_OF_RANGE'] });
  });
});
