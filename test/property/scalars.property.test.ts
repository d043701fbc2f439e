import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type GraphQLScalarType, Kind, parseValue } from 'graphql';
import { DateTimeScalar } from '../../src/graphql/scalars/date-time.ts';
import { EmailAddressScalar } from '../../src/graphql/scalars/email-address.ts';
import { JsonObjectScalar } from '../../src/graphql/scalars/json-object.ts';
import { LocalDateScalar } from '../../src/graphql/scalars/local-date.ts';
import { LocaleScalar } from '../../src/graphql/scalars/locale.ts';
import { PhoneNumberScalar } from '../../src/graphql/scalars/phone-number.ts';
import { Refused } from '../../src/graphql/scalars/refused.ts';
import { TimeZoneScalar } from '../../src/graphql/scalars/time-zone.ts';
import { UrlScalar } from '../../src/graphql/scalars/url.ts';

const TEXTS: readonly GraphQLScalarType[] = [
  EmailAddressScalar,
  PhoneNumberScalar,
  LocalDateScalar,
  LocaleScalar,
  TimeZoneScalar,
  UrlScalar,
];
const ALL = [...TEXTS, DateTimeScalar, JsonObjectScalar];

test.each(ALL.map((scalar) => [scalar]))('%s never throws, and a refusal holds nothing of the value', (scalar) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(scalar.parseValue(value)).toBeDefined();
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]{8}$/), (planted) => {
      for (const value of [planted, `${planted}@`, `+${planted}`, `https:${planted}`, { a: `${planted}\0` }]) {
        const inner = scalar.parseValue(value);
        if (inner instanceof Refused) expect(JSON.stringify(inner)).not.toContain(planted);
      }
    }),
  );
});

const likely = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.stringMatching(/^\+[0-9 -]{8,16}$/),
  fc.stringMatching(/^https:\/\/[a-z.ü@:/?#%\\ -]{1,20}$/),
  fc.stringMatching(/^\d{4}-[01]\d-[0-3]\d$/),
  fc.stringMatching(/^[a-zA-Z]{2,3}-[a-zA-Z]{2,4}(-[a-z0-9]{1,8})?$/),
  fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
);

test.each(TEXTS.map((scalar) => [scalar]))('%s takes what it made itself, and shows it unchanged', (scalar) => {
  fc.assert(
    fc.property(likely, (text) => {
      const inner = scalar.parseValue(text);
      expect(scalar.parseLiteral({ kind: Kind.STRING, value: text })).toEqual(inner);
      if (inner instanceof Refused) return;
      expect(scalar.parseValue(inner)).toBe(inner);
      expect(scalar.serialize(inner)).toBe(inner);
    }),
    { numRuns: 500 },
  );
});

test('DateTime shows every time of the years 0001 to 9999 as it takes it', () => {
  const time = fc.date({
    min: new Date('0001-01-01T00:00:00.000Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(time, (date) => {
      expect(DateTimeScalar.parseValue(DateTimeScalar.serialize(date))).toEqual(date);
    }),
  );
});

test('JSONObject is the same as a literal and as a variable', () => {
  const key = fc.stringMatching(/^[_a-zA-Z][_a-zA-Z0-9]{0,8}$/);
  const { json } = fc.letrec((tie) => ({
    json: fc.dictionary(
      key,
      fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 'x', 'é "q"', 5, -2.5),
        tie('json'),
        fc.array(tie('json'), { maxLength: 3 }),
      ),
    ),
  }));
  const literal = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    return `{${Object.entries(value)
      .map(([name, item]) => `${name}: ${literal(item)}`)
      .join(' ')}}`;
  };
  fc.assert(
    fc.property(json, (value) => {
      const node = parseValue(literal(value));
      expect(JsonObjectScalar.parseLiteral(node)).toEqual(JsonObjectScalar.parseValue(value));
    }),
    { numRuns: 50 },
  );
});
