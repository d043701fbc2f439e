import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { toExampleOperations } from '../../src/http/playground/example-operations.ts';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { findBrokenLimit } from '../../src/limits/document-limits.ts';
import { describeSchema } from '../../src/schema.ts';

const FOLDER = 'schema/operations';

const schema = describeSchema();
const documents = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => [name, readFileSync(`${FOLDER}/${name}`, 'utf8')]),
);
const definitions = Object.values(documents).flatMap((text) => parse(text).definitions);
const isOperation = (each: { kind: Kind }): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION;
const isFragment = (each: { kind: Kind }): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION;
const operations = definitions.filter(isOperation);
const examples = toExampleOperations(documents);

/** The names of the fields at the outermost level. */
const rootFieldsOf = ({ selections }: SelectionSetNode) =>
  selections.flatMap((each) => (each.kind === Kind.FIELD ? [each.name.value] : []));

describe('the operations in schema/operations', () => {
  test('reach every root field', () => {
    const missing = [OperationTypeNode.QUERY, OperationTypeNode.MUTATION].flatMap((kind) => {
      const reached = new Set(
        operations
          .filter(({ operation }) => operation === kind)
          .flatMap(({ selectionSet }) => rootFieldsOf(selectionSet)),
      );
      const served = Object.keys(schema.getRootType(kind)?.getFields() ?? {});
      return served.filter((name) => !reached.has(name)).map((name) => `${kind} ${name}`);
    });
    if (missing.length > 0) throw new Error(`No operation in ${FOLDER} selects: ${missing.join(', ')}.`);
  });

  test('have names, each once', () => {
    const names = operations.map(({ name }) => name?.value ?? '(none)');
    expect(names.filter((name, at) => name === '(none)' || names.indexOf(name) !== at)).toEqual([]);
    const fragments = definitions.filter(isFragment).map(({ name }) => name.value);
    expect(fragments.filter((name, at) => fragments.indexOf(name) !== at)).toEqual([]);
  });

  test('each begin with a comment that says what they do', () => {
    expect(examples.filter(({ query }) => !query.startsWith('# ')).map(({ name }) => name)).toEqual([]);
  });

  test.each(examples.map((example): [string, string] => [example.name, example.query]))(
    '%s is valid, uses nothing deprecated and is within the limits of documents',
    (_, query) => {
      const document = parse(query);
      expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
      expect(findBrokenLimit(schema, document, DEFAULT_DOCUMENT_LIMITS)).toBeUndefined();
      const deprecated: string[] = [];
      const types = new TypeInfo(schema);
      visit(
        document,
        visitWithTypeInfo(types, {
          [Kind.FIELD]: ({ name }) => {
            if (types.getFieldDef()?.deprecationReason) deprecated.push(name.value);
          },
        }),
      );
      expect(deprecated).toEqual([]);
    },
  );
});
