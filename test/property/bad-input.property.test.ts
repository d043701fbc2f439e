import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startInputServer } from '../support/input-server.ts';

let server: Awaited<ReturnType<typeof startInputServer>>;
beforeAll(async () => {
  server = await startInputServer();
});
afterAll(() => server.stop());

const REGISTER = 'mutation ($input: RegisterInput!) { register(input: $input) }';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values for each place of RegisterInput: some that it takes, some that it does not. */
const PLACES: Readonly<Record<string, { good: readonly Json[]; bad: readonly Json[] }>> = {
  email: {
    good: ['ada@example.com', ' Ü@bücher.example '],
    bad: [null, 5, '', 'ada', 'a@b\0', ['a@b'], {}, 'ada@\ud83d.de'],
  },
  password: { good: ['correct horse battery'], bad: [null, 5, '', 'short', {}, `${'x'.repeat(20)}\0`] },
  'profile.displayName': { good: [null, '', 'Ada'], bad: [5, true, 'x'.repeat(21), 'a\nb', 'a\0', '\udc00', {}, []] },
  'profile.bio': { good: [null, 'a\nb'], bad: [5, 'x'.repeat(51), '\u0007', 'x'.repeat(9_000)] },
  'profile.phone': { good: [null, '+41 44 668 18 00'], bad: [0, '0176 123', '+', '\0', 'x'.repeat(99), [null]] },
  'profile.birthDate': { good: [null, '1990-12-31'], bad: [1990, '1990-02-30', '31.12.1990', {}] },
  'profile.avatarUrl': { good: [null, 'https://a.example/x'], bad: ['javascript:x', 'http://a.example', 5] },
  'profile.locale': { good: [null, 'de-CH'], bad: ['de_CH', '', true] },
  'profile.timeZone': { good: [null, 'Europe/Zurich'], bad: ['+01:00', 'Mars/Olympus', 1] },
  'profile.address.lines': { good: [['x'], ['x', 'y', 'z']], bad: [null, [], ['1', '2', '3', '4']] },
  'profile.address.country': { good: [null, 'CH'], bad: [5, 'a\tb', 'x'.repeat(4_097)] },
};

const choices = fc.record(
  Object.fromEntries(
    Object.entries(PLACES).map(([place, { good, bad }]) => [
      place,
      fc.oneof(
        fc.constantFrom(...good).map((value) => ({ value, isBad: false })),
        fc.constantFrom(...bad).map((value) => ({ value, isBad: true })),
      ),
    ]),
  ),
);

function nest(chosen: Readonly<Record<string, { readonly value: Json }>>) {
  const input: Record<string, unknown> = {};
  for (const [place, { value }] of Object.entries(chosen)) {
    const keys = place.split('.');
    let at: Record<string, unknown> = input;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[keys.at(-1) ?? ''] = value;
  }
  return input;
}

test('every bad value is reported, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(choices, async (chosen) => {
      const { errors } = await server.ask(REGISTER, { input: nest(chosen) });
      const bad = Object.keys(chosen).filter((place) => chosen[place]?.isBad);
      const reported = errors.flatMap(({ extensions }) => extensions.fields ?? []).map(({ path }) => path.join('.'));
      expect([...new Set(reported)].sort()).toEqual(bad.map((place) => `input.${place}`).sort());
      expect(reported).toHaveLength(bad.length);
      const isWeak =
        bad.length === 1 && bad[0] === 'password' && ['', 'short'].includes(chosen['password']?.value as string);
      const code = isWeak ? 'WEAK_PASSWORD' : 'BAD_USER_INPUT';
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(bad.length === 0 ? [] : [code]);
    }),
    { numRuns: 150 },
  );
});

const planted = fc.stringMatching(/^zq[a-z0-9]{10}$/);
/** The planted text alone, and inside of anything that JSON can hold. */
const around = (text: string) =>
  fc.oneof(
    fc.constantFrom<Json>(
      null,
      5,
      true,
      text,
      `${text}\0`,
      `${text}\ud83d`,
      `${text} @ ${text}`,
      `${text}\n`,
      text.repeat(500),
    ),
    fc.constantFrom<Json>([text], [[text]], { a: text }, [{ a: [text] }], [5, text, null]),
    fc.constantFrom<Json>(
      `https://${text}@evil.example`,
      `+${text}`,
      `${text}@`,
      `Europe/${text}`,
      `de-${text}-${text}`,
    ),
  );

test('no value is ever repeated by an error, wherever in the variables it stands', async () => {
  const LOGIN = `mutation ($input: LoginInput!, $first: Int, $after: String, $since: DateTime, $on: Boolean = true) {
    login(input: $input) @include(if: $on)
  }
  `;
  const places = [...Object.keys(PLACES), 'profile.address', 'profile', 'color', 'colors', 'extra', 'remember', 'code'];
  const request = planted.chain((text) =>
    fc.record({
      text: fc.constant(text),
      isLogin: fc.boolean(),
      input: fc.oneof(
        around(text),
        fc
          .record(Object.fromEntries(places.map((place) => [place, around(text)])), { requiredKeys: [] })
          .map((values) => nestLoosely(values)),
      ),
      on: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, around(text)),
    }),
  );
  await fc.assert(
    fc.asyncProperty(request, async ({ text, isLogin, input, on }) => {
      const query = isLogin ? LOGIN.replace(/, \$first.*DateTime/, '') : REGISTER;
      const { errors } = await server.ask(query, isLogin ? { input, on } : { input });
      expect(JSON.stringify(errors)).not.toContain(text);
      for (const { extensions } of errors) expect(['BAD_USER_INPUT', 'WEAK_PASSWORD']).toContain(extensions.code);
    }),
    { numRuns: 250 },
  );
});

/** Like `nest`, where a place may already hold something that is no object. */
function nestLoosely(values: Readonly<Record<string, Json | undefined>>): Json {
  const input: Record<string, Json> = {};
  for (const [place, value] of Object.entries(values)) {
    const [top = '', ...rest] = place.split('.');
    if (value === undefined) continue;
    const inner = rest.reduceRight<Json>((item, key) => ({ [key]: item }), value);
    const before = input[top];
    const isMergeable = typeof before === 'object' && before !== null && !Array.isArray(before) && rest.length > 0;
    input[top] = isMergeable ? { ...before, ...(inner as object) } : inner;
  }
  return input;
}

test('no literal is ever repeated by an error, in a document that is right, wrong or no GraphQL at all', async () => {
  const literal = (text: string) =>
    fc.constantFrom(
      text,
      `"${text}"`,
      `["${text}"]`,
      `{ a: "${text}" }`,
      `"""${text}"""`,
      `"${text}`,
      `'${text}'`,
      `"\\u${text}"`,
      `5${text}`,
      `[${text}, "${text}"]`,
    );
  const document = planted.chain((text) =>
    fc
      .tuple(
        literal(text),
        fc.constantFrom(
          (value: string) => `{ user(id: ${value}) }`,
          (value: string) => `{ users(first: ${value}) }`,
          (value: string) => `{ users(since: ${value}) nope }`,
          (value: string) => `{ nope(a: ${value}) }`,
          (value: string) => `{ me @include(if: ${value}) }`,
          (value: string) => `mutation { login(input: ${value}) }`,
          (value: string) =>
            `mutation { login(input: { email: ${value}, password: ${value}, color: ${value}, colors: ${value} }) }`,
          (value: string) => `mutation { login(input: { emial: ${value}, password: ${value} }) }`,
          (value: string) =>
            `mutation ($c: [Color!]) { login(input: { email: "a@b", password: ${value}, colors: $c }) }`,
          (value: string) => `query ($id: ID! = ${value}) { user(id: $id) a: user(id: ${value}) a: me }`,
        ),
      )
      .map(([value, build]) => ({ text, query: build(value) })),
  );
  await fc.assert(
    fc.asyncProperty(document, async ({ text, query }) => {
      const { errors } = await server.ask(query, query.includes('$c:') ? { c: null } : undefined);
      expect(JSON.stringify(errors)).not.toContain(text);
      for (const { extensions } of errors) expect(extensions.code).not.toBe('INTERNAL_SERVER_ERROR');
    }),
    { numRuns: 200 },
  );
});
