/** A name of the GraphQL language in quotes, as graphql-js writes it: of a field, type, variable ($) or directive (@). */
const N = '"([$@]?[_A-Za-z][_0-9A-Za-z]*)"';
const T = '"\\$[_A-Za-z][_0-9A-Za-z]*" of type "([[\\]!_0-9A-Za-z]+)"';

/**
 * Messages of graphql-js's validation that are worth telling, and what is told of each: with the names that the client wrote
 * itself. Those of types and fields that it did not write stay here, and so does "Did you mean": without introspection they
 * would give the schema away piece by piece (ASVS v5.0.0-4.3.2).
 */
const ROWS: readonly (readonly [pattern: string, told: string])[] = [
  [`^Cannot query field ${N} on type `, 'There is no field "$1" here.'],
  [`^Unknown argument ${N} on `, 'There is no argument "$1" here.'],
  [`^Field ${N} is not defined by type `, 'There is no input field "$1" here.'],
  [`^Unknown type ${N}`, 'There is no type "$1".'],
  [`^Unknown fragment ${N}`, 'There is no fragment "$1".'],
  [`^Unknown directive ${N}`, 'There is no directive "$1".'],
  [`^Field "[^".]+\\.([_0-9A-Za-z]+)" of required type `, 'The input field "$1" is required.'],
  [`^(?:Field|Directive) ${N} argument ${N} of type .* is required`, '"$1" requires its argument "$2".'],
  [`^Field ${N} must not have a selection`, 'The field "$1" has no subfields.'],
  [`^Field ${N} of type .* must have `, 'Select subfields of the field "$1".'],
  [`^Variable ${N} is not defined`, 'The variable "$1" is not defined by the operation.'],
  [`^Variable ${N} is never used`, 'The variable "$1" is never used.'],
  [`^Variable ${T} used in position `, 'A variable of type "$1" does not fit where it is used.'],
  [`^Variable ${N} cannot be non-input type `, 'The variable "$1" must have an input type.'],
  [
    `^There can be only one (operation|fragment|variable|argument|input field) named ${N}`,
    'Only one $1 may be named "$2".',
  ],
  ['^This anonymous operation must be the only', 'An operation without a name must be the only one.'],
  [`^Fragment ${N} cannot be spread here`, 'The fragment "$1" does not fit here.'],
  ['^Fragment cannot be spread here', 'The inline fragment does not fit here.'],
  [`^Fragment ${N} cannot condition on `, 'The fragment "$1" must be on a type with fields.'],
  ['^Fragment cannot condition on ', 'The inline fragment must be on a type with fields.'],
  [`^Cannot spread fragment ${N} within itself`, 'The fragment "$1" contains itself.'],
  [`^Fragment ${N} is never used`, 'The fragment "$1" is never used.'],
  [`^Directive ${N} may not be used on`, 'The directive "$1" may not be used here.'],
  [`^The directive ${N} can only be used once`, 'The directive "$1" may be used only once here.'],
  [`^Fields ${N} conflict because `, 'Selections of "$1" conflict: give one of them an alias.'],
  ['^GraphQL introspection ', 'Introspection is off on this server.'],
  ['^Too many validation errors', 'There are more errors than are listed.'],
  // ValuesOfCorrectTypeRule prints the literal: a password that was written without its quotes, say.
  [
    '^(?:Expected value of type|Value "|Enum "|(?:String|Int|Float|Boolean|ID) cannot represent)',
    'A literal is not of the type that is expected here.',
  ],
];

const PATTERNS = ROWS.map(([pattern, told]) => [new RegExp(pattern, 's'), told] as const);

/** What a client is told of a validation error of graphql-js. Any message that is not known here says only that it was one. */
export function toldOfValidation(message: string): string {
  for (const [pattern, told] of PATTERNS) {
    const match = pattern.exec(message);
    if (match) return told.replace(/\$(\d)/g, (_, index: string) => match[Number(index)] ?? '');
  }
  return 'The document does not fit the schema.';
}
