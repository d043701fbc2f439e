import {
  type ArgumentNode,
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLSchema,
  getVariableValues,
  isInputType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { badInput } from '../platform/bad-input.ts';
import { type GivenVariable, InputCoercion } from './input-coercion.ts';
import type { InputProblems } from './input-problems.ts';
import { ProblemList } from './problem-list.ts';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Before execution, with the validated document: where graphql-js would refuse the variables, or end a field because of one
 * that is null, throws AppError BAD_USER_INPUT with everything that is wrong in the arguments of the whole operation. Its
 * own error would name one fault at a time and print the value, a password say (apollo-server#8086). A request error: 400.
 */
export function refuseBadVariables(
  problems: InputProblems,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode | undefined,
  variables: Variables | null | undefined,
): void {
  const declared = operation?.variableDefinitions ?? [];
  // Apollo's hook comes with no operation where the request names none that exists; it refuses that itself, afterwards.
  if (operation === undefined || declared.length === 0) return;
  const sent = variables ?? {};
  const isRefused = getVariableValues(schema, declared, sent, { maxErrors: 1 }).errors !== undefined;
  const hasNull = declared.some(({ variable }) => sent[variable.name.value] === null);
  if (!isRefused && !hasNull) return;

  const found = new ProblemList();
  const coercion = new InputCoercion(givenVariables(schema, operation, sent), found);
  let isStructural = isRefused;
  for (const { definitions, nodes } of argumentsOf(schema, document, operation)) {
    const before = found.size;
    const values = coercion.coerceArguments(definitions, nodes);
    isStructural ||= found.size > before;
    problems.checkOfArguments(definitions)?.(values, found);
  }
  if (isStructural) throw badInput(found.entries);
}

function givenVariables(schema: GraphQLSchema, operation: OperationDefinitionNode, sent: Variables) {
  const given = new Map<string, GivenVariable>();
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode);
    // A name such as `constructor` is no variable that was sent.
    if (isInputType(type))
      given.set(name, { type, defaultValue, value: Object.hasOwn(sent, name) ? sent[name] : undefined });
  }
  return given;
}

interface WrittenArguments {
  readonly definitions: readonly GraphQLArgument[];
  readonly nodes: readonly ArgumentNode[];
}

/** Arguments of every field and directive of the operation, those in its fragments included, in the order of the document. */
function argumentsOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): WrittenArguments[] {
  const written: WrittenArguments[] = [];
  const parts = new Set<OperationDefinitionNode | FragmentDefinitionNode>([operation]);
  // A set grows while it is walked, and holds each fragment once.
  for (const part of parts) {
    const types = new TypeInfo(schema);
    const add = (definitions: readonly GraphQLArgument[] | undefined, nodes: readonly ArgumentNode[] = []) => {
      if (definitions && nodes.length > 0) written.push({ definitions, nodes });
    };
    const enter = (node: ASTNode) => {
      if (node.kind === Kind.FIELD) add(types.getFieldDef()?.args, node.arguments);
      if (node.kind === Kind.DIRECTIVE) add(types.getDirective()?.args, node.arguments);
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = findFragment(document, node.name.value);
        if (fragment) parts.add(fragment);
      }
    };
    visit(part, visitWithTypeInfo(types, { enter }));
  }
  return written;
}

function findFragment(document: DocumentNode, name: string): FragmentDefinitionNode | undefined {
  return document.definitions.find(
    (definition): definition is FragmentDefinitionNode =>
      definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
  );
}
