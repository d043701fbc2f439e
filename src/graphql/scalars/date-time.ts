import { GraphQLDateTime } from 'graphql-scalars';
import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const NO_TIME = new Refused('INVALID_FORMAT', 'Must be a time with its offset: 2026-11-24T07:02:50.000Z.');
const OUT_OF_RANGE = new Refused('OUT_OF_RANGE', 'Must be within the years 0001 to 9999.');

/** An offset may lead out of the years that RFC 3339 can write. */
const hasFourDigitYear = (time: Date) => time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999;

/** RFC 3339 with any offset comes in, UTC with milliseconds goes out. The inner value is a Date. */
export const DateTimeScalar = textScalar<Date>({
  name: 'DateTime',
  description: 'RFC 3339 with milliseconds, in UTC: 2026-11-24T07:02:50.000Z.',
  maxLength: 60,
  parse(text) {
    try {
      const time = GraphQLDateTime.parseValue(text);
      return hasFourDigitYear(time) ? time : OUT_OF_RANGE;
    } catch {
      return NO_TIME;
    }
  },
  serialize: (value) => (value instanceof Date && hasFourDigitYear(value) ? value.toISOString() : undefined),
});
