import { GraphQLLocalDate } from 'graphql-scalars';
import { Refused } from './refused.ts';
import { textScalar } from './text-scalar.ts';

const NO_DATE = new Refused('INVALID_FORMAT', 'Must be a calendar date: 1990-12-31.');

/** The inner value is the text `YYYY-MM-DD`, a day that the Gregorian calendar has, of the years 0001 to 9999. */
export const LocalDateScalar = textScalar<string>({
  name: 'LocalDate',
  description: 'A calendar date: 1990-12-31.',
  maxLength: 40,
  parse(text) {
    if (text.startsWith('0000')) return NO_DATE;
    try {
      return GraphQLLocalDate.parseValue(text);
    } catch {
      return NO_DATE;
    }
  },
});
