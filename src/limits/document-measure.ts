import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isIntrospectionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { isCredentialMutation } from './credential-mutations.ts';
import { findField, findPageTypes, weightOf } from './field-weight.ts';

/** What a selection amounts to once its fragments are written out in each place that spreads them; Infinity where that has no end in a double. */
export interface Measure {
  /** Selection sets on the longest way down, its own included, those of fragments and inline fragments too. */
  readonly depth: number;
  /** The same among the types of the introspection (`__Schema`, `__Type`, …), which count here and not above. */
  readonly introspectionDepth: number;
  /** Fields, those of lists multiplied by `weightOf`. */
  readonly cost: number;
  readonly aliases: number;
  readonly directives: number;
  /** Fields of the outermost level. */
  readonly rootFields: number;
  /** Of these, the ones on the list of `credential-mutations.ts`. */
  readonly credentialMutations: number;
}

/** Thrown where measuring cannot or need not go on. */
export class Unmeasurable extends Error {
  override readonly name = 'Unmeasurable';
  readonly reason: 'cycle' | 'depth' | 'introspectionDepth';

  constructor(reason: Unmeasurable['reason']) {
    super(reason);
    this.reason = reason;
  }
}

const NOTHING: Measure = {
  depth: 0,
  introspectionDepth: 0,
  cost: 0,
  aliases: 0,
  directives: 0,
  rootFields: 0,
  credentialMutations: 0,
};

/**
 * Measures the definitions of one document that parsed and is not validated yet. Each selection is visited once, since a
 * fragment's measure is kept: the time is linear in the document's length, whatever its fragments spread. Only types,
 * names of fields and kinds of nodes decide; aliases, names of fragments, arguments of @skip and @include do not.
 */
export class DocumentMeter {
  readonly #schema: GraphQLSchema;
  readonly #deepest: number;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  readonly #pageTypes: ReadonlySet<GraphQLNamedType>;
  readonly #kept = new Map<FragmentDefinitionNode, Measure>();
  readonly #begun = new Set<FragmentDefinitionNode>();

  /** `deepest`: selection sets inside each other at which measuring stops, so that no document can exhaust the stack. */
  constructor(schema: GraphQLSchema, document: DocumentNode, deepest: number) {
    this.#schema = schema;
    this.#deepest = deepest;
    this.#pageTypes = pageTypesOf(schema);
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(definition.name.value, definition);
    }
  }

  /** Throws Unmeasurable. */
  measureOperation(operation: OperationDefinitionNode): Measure {
    const root = this.#schema.getRootType(operation.operation) ?? undefined;
    const variables = operation.variableDefinitions ?? [];
    const onVariables = variables.reduce((sum, variable) => sum + countOf(variable.directives), 0);
    return withDirectives(this.#set(operation.selectionSet, root, 1), countOf(operation.directives) + onVariables);
  }

  /** Throws Unmeasurable. `level` is 1 for a fragment on its own. */
  measureFragment(fragment: FragmentDefinitionNode, level = 1): Measure {
    const kept = this.#kept.get(fragment);
    if (kept !== undefined) return kept;
    if (this.#begun.has(fragment)) throw new Unmeasurable('cycle');
    this.#begun.add(fragment);
    const type = this.#schema.getType(fragment.typeCondition.name.value);
    const measure = withDirectives(this.#set(fragment.selectionSet, type, level), countOf(fragment.directives));
    this.#kept.set(fragment, measure);
    return measure;
  }

  #set(set: SelectionSetNode, parent: GraphQLNamedType | undefined, level: number): Measure {
    const introspects = parent !== undefined && isIntrospectionType(parent);
    if (level > this.#deepest) throw new Unmeasurable(introspects ? 'introspectionDepth' : 'depth');
    const inside = set.selections.reduce(
      (sum, selection) => add(sum, this.#selection(selection, parent, level)),
      NOTHING,
    );
    return introspects
      ? { ...inside, introspectionDepth: inside.introspectionDepth + 1 }
      : { ...inside, depth: inside.depth + 1 };
  }

  #selection(node: SelectionNode, parent: GraphQLNamedType | undefined, level: number): Measure {
    if (node.kind === Kind.FIELD) return this.#field(node, parent, level);
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const type = node.typeCondition ? this.#schema.getType(node.typeCondition.name.value) : parent;
      return withDirectives(this.#set(node.selectionSet, type, level + 1), countOf(node.directives));
    }
    const fragment = this.#fragments.get(node.name.value);
    const spread = fragment === undefined ? NOTHING : this.measureFragment(fragment, level + 1);
    return withDirectives(spread, countOf(node.directives));
  }

  #field(node: FieldNode, parent: GraphQLNamedType | undefined, level: number): Measure {
    const field = findField(this.#schema, parent, node);
    const type = field && getNamedType(field.type);
    const below = node.selectionSet ? this.#set(node.selectionSet, type, level + 1) : NOTHING;
    return {
      depth: below.depth,
      introspectionDepth: below.introspectionDepth,
      cost: 1 + weightOf(field, node, parent, this.#pageTypes) * below.cost,
      aliases: below.aliases + (node.alias ? 1 : 0),
      directives: below.directives + countOf(node.directives),
      rootFields: 1,
      credentialMutations: isCredentialMutation(node.name.value) ? 1 : 0,
    };
  }
}

const countOf = (directives: readonly DirectiveNode[] | undefined): number => directives?.length ?? 0;

const withDirectives = (measure: Measure, directives: number): Measure =>
  directives === 0 ? measure : { ...measure, directives: measure.directives + directives };

const add = (a: Measure, b: Measure): Measure => ({
  depth: Math.max(a.depth, b.depth),
  introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
  cost: a.cost + b.cost,
  aliases: a.aliases + b.aliases,
  directives: a.directives + b.directives,
  rootFields: a.rootFields + b.rootFields,
  credentialMutations: a.credentialMutations + b.credentialMutations,
});

const pageTypesBySchema = new WeakMap<GraphQLSchema, ReadonlySet<GraphQLNamedType>>();

function pageTypesOf(schema: GraphQLSchema): ReadonlySet<GraphQLNamedType> {
  const known = pageTypesBySchema.get(schema);
  if (known !== undefined) return known;
  const found = findPageTypes(schema);
  pageTypesBySchema.set(schema, found);
  return found;
}
