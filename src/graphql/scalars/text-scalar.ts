import { GraphQLScalarType, Kind } from 'graphql';
import { Refused } from './refused.ts';

const NOT_A_TEXT = new Refused('INVALID_FORMAT', 'Must be a text.');
const NOT_PRINTABLE = new Refused('INVALID_FORMAT', 'Has characters that are not allowed here.');

interface TextScalarOptions<T> {
  readonly name: string;
  readonly description: string;
  /** Drops the spaces around it, before anything else. */
  readonly trim?: true;
  /** In UTF-16 units; what is longer is TOO_LONG before anything else reads it. */
  readonly maxLength: number;
  /** Makes the inner value of a text without control characters and lone surrogates. Never throws. */
  parse(text: string): T | Refused;
  /** The text that leaves, or undefined for a value that this scalar cannot show. Without it texts leave as they are. */
  serialize?(value: unknown): string | undefined;
}

/**
 * A scalar that travels as a text. Its parsers never throw: a value that it does not take becomes a `Refused`, the same for a
 * literal and for a variable.
 */
export function textScalar<T>(options: TextScalarOptions<T>): GraphQLScalarType<T | Refused, string> {
  const { name, description, maxLength } = options;
  const serialize = options.serialize ?? ((value) => (typeof value === 'string' ? value : undefined));
  const tooLong = new Refused('TOO_LONG', `Must have at most ${maxLength} characters.`, maxLength);
  const parse = (value: unknown): T | Refused => {
    if (typeof value !== 'string') return NOT_A_TEXT;
    const text = options.trim ? value.trim() : value;
    if (text.length > maxLength) return tooLong;
    return /[\p{Cc}\p{Surrogate}]/u.test(text) ? NOT_PRINTABLE : options.parse(text);
  };
  return new GraphQLScalarType<T | Refused, string>({
    name,
    description,
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
    serialize(value) {
      const text = serialize(value);
      if (text === undefined) throw new TypeError(`A value is not of the form of ${name}.`);
      return text;
    },
  });
}
