import { describe, expect, test } from '@jest/globals';
import { type GraphQLScalarType, Kind, parseValue, printType } from 'graphql';
import { DateTimeScalar } from '../../src/graphql/scalars/date-time.ts';
import { EmailAddressScalar } from '../../src/graphql/scalars/email-address.ts';
import { JsonObjectScalar } from '../../src/graphql/scalars/json-object.ts';
import { LocalDateScalar } from '../../src/graphql/scalars/local-date.ts';
import { LocaleScalar } from '../../src/graphql/scalars/locale.ts';
import { PhoneNumberScalar } from '../../src/graphql/scalars/phone-number.ts';
import { Refused } from '../../src/graphql/scalars/refused.ts';
import { TimeZoneScalar } from '../../src/graphql/scalars/time-zone.ts';
import { UrlScalar } from '../../src/graphql/scalars/url.ts';

const TEXTS = [
  EmailAddressScalar,
  PhoneNumberScalar,
  LocalDateScalar,
  LocaleScalar,
  TimeZoneScalar,
  UrlScalar,
  DateTimeScalar,
] as const;
const ALL: readonly GraphQLScalarType[] = [...TEXTS, JsonObjectScalar];

/** The inner value, or the code of the refusal; the same for a variable and for a literal. */
function taken(scalar: GraphQLScalarType, value: string): unknown {
  const ofVariable = scalar.parseValue(value);
  const ofLiteral = scalar.parseLiteral({ kind: Kind.STRING, value });
  expect(ofLiteral).toEqual(ofVariable);
  return ofVariable instanceof Refused ? ofVariable.code : ofVariable;
}

describe('in the schema', () => {
  test.each<[GraphQLScalarType, string]>([
    [DateTimeScalar, '"""RFC 3339 with milliseconds, in UTC: 2026-11-24T07:02:50.000Z."""\nscalar DateTime'],
    [
      EmailAddressScalar,
      '"""\nRFC 5321 address, also with an IDN domain or a UTF-8 local part; spaces around it are dropped. 254 octets at most.\n"""\nscalar EmailAddress',
    ],
    [JsonObjectScalar, '"""A JSON object."""\nscalar JSONObject'],
    [LocalDateScalar, '"""A calendar date: 1990-12-31."""\nscalar LocalDate'],
    [LocaleScalar, '"""BCP 47: de-CH."""\nscalar Locale'],
    [PhoneNumberScalar, '"""E.164: +41446681800."""\nscalar PhoneNumber'],
    [TimeZoneScalar, '"""IANA name: Europe/Zurich."""\nscalar TimeZone'],
    [UrlScalar, '"""An absolute https URL."""\nscalar URL'],
  ])('%s stands as the contract has it', (scalar, printed) => {
    expect(printType(scalar)).toBe(printed);
  });
});

describe('no scalar throws on the way in', () => {
  const literals = ['5', '5.5', 'true', 'RED', '["x"]', '{ a: "x" }', '{ a: $x }', 'null', '""'];
  test.each(ALL.map((scalar) => [scalar]))('%s', (scalar) => {
    for (const literal of literals) expect(scalar.parseLiteral(parseValue(literal))).toBeDefined();
    for (const value of [5, Number.NaN, true, [], {}, ['x'], Symbol('x'), 5n, () => 'x', '']) {
      expect(scalar.parseValue(value)).toBeDefined();
    }
  });

  test.each(TEXTS.map((scalar) => [scalar]))('%s refuses what is no text', (scalar) => {
    for (const literal of literals) expect(scalar.parseLiteral(parseValue(literal))).toBeInstanceOf(Refused);
    for (const value of [5, true, [], {}, ['2020-01-01']]) expect(scalar.parseValue(value)).toBeInstanceOf(Refused);
  });

  test.each(TEXTS.map((scalar) => [scalar]))('%s refuses an endless text at once', (scalar) => {
    expect(taken(scalar, `https://${'a'.repeat(5_000_000)}`)).toBe('TOO_LONG');
  });
});

describe('on the way out', () => {
  test('texts leave as they are, times in UTC with milliseconds, objects as objects', () => {
    expect(EmailAddressScalar.serialize('Ada@Bücher.example')).toBe('Ada@Bücher.example');
    expect(PhoneNumberScalar.serialize('+41446681800')).toBe('+41446681800');
    expect(DateTimeScalar.serialize(new Date(Date.UTC(2026, 10, 24, 7, 2, 50)))).toBe('2026-11-24T07:02:50.000Z');
    expect(JsonObjectScalar.serialize({ a: [1] })).toEqual({ a: [1] });
  });

  test.each<[GraphQLScalarType, unknown]>([
    [EmailAddressScalar, { hunter2: 1 }],
    [UrlScalar, 5],
    [DateTimeScalar, new Date(Number.NaN)],
    [DateTimeScalar, 'hunter2'],
    [DateTimeScalar, 1_700_000_000_000],
    [JsonObjectScalar, ['hunter2']],
    [JsonObjectScalar, 'hunter2'],
    [JsonObjectScalar, new Date(0)],
  ])('%s does not show %p, and its error does not either', (scalar, value) => {
    expect(() => scalar.serialize(value)).toThrow(new TypeError(`A value is not of the form of ${scalar.name}.`));
  });
});

describe('EmailAddress', () => {
  test.each([
    [' ada@example.com ', 'ada@example.com'],
    ['Ada@Bücher.Example', 'Ada@Bücher.Example'],
    ['"ada lovelace"@example.com', '"ada lovelace"@example.com'],
    ['nobody', 'INVALID_FORMAT'],
    ['ada@example.com\0', 'INVALID_FORMAT'],
    ['ada@exa\nmple.com', 'INVALID_FORMAT'],
    [`${'x'.repeat(250)}@example.com`, 'TOO_LONG'],
    [`ada@${'ü'.repeat(150)}.example`, 'TOO_LONG'],
    [`${' '.repeat(1_000)}ada@example.com`, 'ada@example.com'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(EmailAddressScalar, typed)).toBe(inner);
  });

  test('tells the limit in octets', () => {
    expect(EmailAddressScalar.parseValue(`ada@${'ü'.repeat(150)}.example`)).toMatchObject({ limit: 254 });
  });
});

describe('PhoneNumber', () => {
  test.each([
    ['+41446681800', '+41446681800'],
    ['+41 44 668 18 00', '+41446681800'],
    ['+41-44-668-18-00', '+41446681800'],
    [' +41 (0)44 668 18 00 ', '+41446681800'],
    ['+41.44.668.18.00', '+41446681800'],
    ['+1 (212) 555-0123', '+12125550123'],
    ['+49 176 12345678', '+4917612345678'],
    ['+44 20 7946 0958', '+442079460958'],
    ['+44\u00a020\u20117946\u20110958', '+442079460958'],
    ['+800 1234 5678', '+80012345678'],
    ['0176 12345678', 'INVALID_FORMAT'],
    ['0041446681800', 'INVALID_FORMAT'],
    ['41446681800', 'INVALID_FORMAT'],
    ['+999123456', 'INVALID_FORMAT'],
    ['+4144668180', 'INVALID_FORMAT'],
    ['+414466818000000', 'INVALID_FORMAT'],
    ['+41446681800 ext 5', 'INVALID_FORMAT'],
    ['tel:+41446681800', 'INVALID_FORMAT'],
    ['+41446681800\n+41446681801', 'INVALID_FORMAT'],
    ['+', 'INVALID_FORMAT'],
    ['', 'INVALID_FORMAT'],
    [`+41${' '.repeat(50)}446681800`, 'TOO_LONG'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(PhoneNumberScalar, typed)).toBe(inner);
  });
});

describe('LocalDate', () => {
  test.each([
    ['1990-12-31', '1990-12-31'],
    ['2000-02-29', '2000-02-29'],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['1900-02-29', 'INVALID_FORMAT'],
    ['1990-02-30', 'INVALID_FORMAT'],
    ['1990-13-01', 'INVALID_FORMAT'],
    ['1990-1-1', 'INVALID_FORMAT'],
    ['0000-01-01', 'INVALID_FORMAT'],
    ['10000-01-01', 'INVALID_FORMAT'],
    ['-0001-01-01', 'INVALID_FORMAT'],
    ['31.12.1990', 'INVALID_FORMAT'],
    ['1990-12-31T00:00:00Z', 'INVALID_FORMAT'],
    ['1990-12-31\n', 'INVALID_FORMAT'],
    ['１９９０-12-31', 'INVALID_FORMAT'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(LocalDateScalar, typed)).toBe(inner);
  });
});

describe('DateTime', () => {
  test.each([
    ['2026-11-24T07:02:50.000Z', '2026-11-24T07:02:50.000Z'],
    ['2026-11-24T07:02:50Z', '2026-11-24T07:02:50.000Z'],
    ['2026-11-24t07:02:50z', '2026-11-24T07:02:50.000Z'],
    ['2026-11-24T08:02:50+01:00', '2026-11-24T07:02:50.000Z'],
    ['2026-11-24T07:02:50.123456789Z', '2026-11-24T07:02:50.123Z'],
  ])('takes %j as %s', (typed, iso) => {
    expect(DateTimeScalar.serialize(taken(DateTimeScalar, typed))).toBe(iso);
  });

  test.each([
    ['2026-02-30T00:00:00Z', 'INVALID_FORMAT'],
    ['2026-11-24T24:00:00Z', 'INVALID_FORMAT'],
    ['2026-11-24T07:02:50', 'INVALID_FORMAT'],
    ['2026-11-24', 'INVALID_FORMAT'],
    ['2026-11-24 07:02:50Z', 'INVALID_FORMAT'],
    ['2026-11-24T07:02:50+24:00', 'INVALID_FORMAT'],
    ['1700000000000', 'INVALID_FORMAT'],
    ['9999-12-31T23:59:59-23:59', 'OUT_OF_RANGE'],
    ['0000-01-01T00:00:00Z', 'OUT_OF_RANGE'],
  ])('refuses %j: %s', (typed, code) => {
    expect(taken(DateTimeScalar, typed)).toBe(code);
  });
});

describe('Locale', () => {
  test.each([
    ['de-CH', 'de-CH'],
    ['DE-ch', 'de-CH'],
    ['zh-hans-cn', 'zh-Hans-CN'],
    ['iw', 'he'],
    ['en-u-ca-buddhist', 'en-u-ca-buddhist'],
    ['de_CH', 'INVALID_FORMAT'],
    ['', 'INVALID_FORMAT'],
    ['a', 'INVALID_FORMAT'],
    ['de-', 'INVALID_FORMAT'],
    ['de CH', 'INVALID_FORMAT'],
    ['German', 'German'.toLowerCase()],
    ['<script>', 'INVALID_FORMAT'],
    [`de-x-${'abcdefgh-'.repeat(20)}x`, 'TOO_LONG'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(LocaleScalar, typed)).toBe(inner);
  });
});

describe('TimeZone', () => {
  test.each([
    ['Europe/Zurich', 'Europe/Zurich'],
    ['europe/zurich', 'Europe/Zurich'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['UTC', 'UTC'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
    ['EST5EDT', 'EST5EDT'],
    ['+01:00', 'INVALID_FORMAT'],
    ['-0530', 'INVALID_FORMAT'],
    ['UTC+1', 'INVALID_FORMAT'],
    ['GMT+1', 'INVALID_FORMAT'],
    ['BST', 'INVALID_FORMAT'],
    ['SystemV/PST8PDT', 'INVALID_FORMAT'],
    ['asia/kolkata', 'INVALID_FORMAT'],
    ['Europe/Nowhere', 'INVALID_FORMAT'],
    ['', 'INVALID_FORMAT'],
    ['../etc/passwd', 'INVALID_FORMAT'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(TimeZoneScalar, typed)).toBe(inner);
  });

  test('takes every zone that the machine lists', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) expect(TimeZoneScalar.parseValue(zone)).toBe(zone);
  });
});

describe('URL', () => {
  test.each([
    ['https://example.com/ada.png', 'https://example.com/ada.png'],
    ['HTTPS://EXAMPLE.com/Ada?x=1#y', 'https://example.com/Ada?x=1#y'],
    ['https://example.com', 'https://example.com/'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
    ['https://example.com:8443/', 'https://example.com:8443/'],
    ['https://example.com/"><script>', 'https://example.com/%22%3E%3Cscript%3E'],
    ['http://example.com/', 'INVALID_FORMAT'],
    ['javascript:alert(1)', 'INVALID_FORMAT'],
    ['data:text/html,x', 'INVALID_FORMAT'],
    ['https:example.com', 'INVALID_FORMAT'],
    ['https:/example.com', 'INVALID_FORMAT'],
    ['https:\\\\example.com', 'INVALID_FORMAT'],
    ['https://example.com\\@evil.example', 'INVALID_FORMAT'],
    ['//example.com/', 'INVALID_FORMAT'],
    ['/ada.png', 'INVALID_FORMAT'],
    ['https://', 'INVALID_FORMAT'],
    ['https://ada@example.com/', 'INVALID_FORMAT'],
    ['https://ada:pw@example.com/', 'INVALID_FORMAT'],
    ['https://exa mple.com/', 'INVALID_FORMAT'],
    ['https://exa\nmple.com/', 'INVALID_FORMAT'],
    [' https://example.com/', 'INVALID_FORMAT'],
    ['https://example.com/\ud83d', 'INVALID_FORMAT'],
    ['', 'INVALID_FORMAT'],
    [`https://example.com/${'x'.repeat(2_028)}`, `https://example.com/${'x'.repeat(2_028)}`],
    [`https://example.com/${'x'.repeat(2_029)}`, 'TOO_LONG'],
    [`https://example.com/${'ü'.repeat(1_000)}`, 'TOO_LONG'],
  ])('takes %j as %s', (typed, inner) => {
    expect(taken(UrlScalar, typed)).toBe(inner);
  });

  test('goes on taking signs beyond ASCII once the compiler has optimised it', () => {
    let taken = 0;
    for (let n = 0; n < 50_000; n += 1) {
      if (UrlScalar.parseValue('https://bücher.example/ü') === 'https://xn--bcher-kva.example/%C3%BC') taken += 1;
    }
    expect(taken).toBe(50_000);
  });
});

describe('JSONObject', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 'x' : { a: nested(depth - 1) });
  const codeOf = (value: unknown) => (value instanceof Refused ? value.code : 'taken');

  test('takes objects, of a variable and of a literal with variables inside', () => {
    expect(JsonObjectScalar.parseValue({ a: [1, null, { b: 'x' }] })).toEqual({ a: [1, null, { b: 'x' }] });
    const literal = parseValue('{ a: 1, b: 2.5, c: "x", d: true, e: null, f: [RED, $y], g: { h: $z } }');
    expect(JsonObjectScalar.parseLiteral(literal, { y: ['y'] })).toEqual({
      a: 1,
      b: 2.5,
      c: 'x',
      d: true,
      e: null,
      f: ['RED', ['y']],
      g: { h: undefined },
    });
  });

  test.each([[[]], ['{}'], [5], [true], [null], [new Date(0)]])('refuses %p', (value) => {
    expect(codeOf(JsonObjectScalar.parseValue(value))).toBe('INVALID_FORMAT');
  });

  test('refuses what the database cannot hold, in keys too', () => {
    for (const value of [{ a: 'x\0' }, { a: ['\ud83d'] }, { 'x\0': 1 }, { a: Number.POSITIVE_INFINITY }]) {
      expect(codeOf(JsonObjectScalar.parseValue(value))).toBe('INVALID_FORMAT');
    }
  });

  test('takes 32 levels, and refuses any number more without running out of stack', () => {
    expect(codeOf(JsonObjectScalar.parseValue(nested(32)))).toBe('taken');
    expect(codeOf(JsonObjectScalar.parseValue(nested(33)))).toBe('INVALID_FORMAT');
    expect(codeOf(JsonObjectScalar.parseValue({ a: JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) }))).toBe(
      'INVALID_FORMAT',
    );
  });

  test('a key __proto__ is a key like any other', () => {
    const value = JsonObjectScalar.parseLiteral(parseValue('{ __proto__: { isAdmin: true } }'));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });
});

test('PhoneNumber refuses a number whose own form reads as another', () => {
  expect(PhoneNumberScalar.parseValue('+4300000---  -0')).toBeInstanceOf(Refused);
  expect(PhoneNumberScalar.parseValue('+43 1 5880')).toBe('+4315880');
});
