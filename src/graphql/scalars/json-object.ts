import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { Refused } from './refused.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const NOT_AN_OBJECT = new Refused('INVALID_FORMAT', 'Must be a JSON object.');
const NOT_JSON = new Refused('INVALID_FORMAT', 'Has something that JSON in the database cannot hold.');
const TOO_DEEP = new Refused('INVALID_FORMAT', 'Is nested too deeply.');
/** More than WebAuthn's answers need; what walks deeper, JSON.stringify say, could run out of stack. */
const MAX_DEPTH = 32;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** What is wrong with it. PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair. */
function problemOf(value: unknown, depth: number): Refused | undefined {
  if (typeof value === 'string') return /[\0\p{Surrogate}]/u.test(value) ? NOT_JSON : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : NOT_JSON;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return TOO_DEEP;
  for (const [key, item] of Object.entries(value)) {
    const problem = problemOf(key, depth) ?? problemOf(item, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

const parse = (value: unknown) => (isObject(value) ? (problemOf(value, 0) ?? value) : NOT_AN_OBJECT);

function literalValue(node: ValueNode, variables: JsonObject): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => literalValue(item, variables));
    case Kind.OBJECT:
      // fromEntries defines, so that a key `__proto__` is a key like any other.
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literalValue(value, variables)]));
    case Kind.VARIABLE:
      return Object.hasOwn(variables, node.name.value) ? variables[node.name.value] : undefined;
    default:
      return node.value;
  }
}

/** Any JSON object, up to 32 levels deep. Never throws on the way in, like the text scalars. */
export const JsonObjectScalar = new GraphQLScalarType<JsonObject | Refused, JsonObject>({
  name: 'JSONObject',
  description: 'A JSON object.',
  parseValue: parse,
  parseLiteral: (node, variables) => parse(literalValue(node, variables ?? {})),
  serialize(value) {
    if (!isObject(value)) throw new TypeError('A value is not of the form of JSONObject.');
    return value;
  },
});
