import {
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from '../platform/pages.ts';

/** What a list selects counts once for so many rows (begun): an ordinary page costs what it spells. */
const ROWS_PER_COUNT = DEFAULT_PAGE_ROWS;

export type AnyField = GraphQLField<unknown, unknown>;

/** The field that `node` names on `parent`, or undefined: documents are judged before they are validated, so nothing is sure. */
export function findField(
  schema: GraphQLSchema,
  parent: GraphQLNamedType | undefined,
  node: FieldNode,
): AnyField | undefined {
  const name = node.name.value;
  if (parent !== undefined && parent === schema.getQueryType()) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  }
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

/** Types that a field with pages answers (connections): their own lists are the page, already counted by that field. */
export function findPageTypes(schema: GraphQLSchema): ReadonlySet<GraphQLNamedType> {
  const pages = new Set<GraphQLNamedType>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (hasPages(field) && !isListType(getNullableType(field.type))) pages.add(getNamedType(field.type));
    }
  }
  return pages;
}

/**
 * How many times what stands below `node` counts. A list without pages counts as the largest page. Lists of the
 * introspection do not multiply: their length is the schema's, not the data's, and graphql bounds their nesting
 * (MaxIntrospectionDepthRule).
 */
export function weightOf(
  field: AnyField | undefined,
  node: FieldNode,
  parent: GraphQLNamedType | undefined,
  pageTypes: ReadonlySet<GraphQLNamedType>,
): number {
  if (field === undefined || parent === undefined || isIntrospectionType(parent)) return 1;
  if (hasPages(field)) return Math.ceil(rowsOf(field, node) / ROWS_PER_COUNT);
  if (isListType(getNullableType(field.type)) && !pageTypes.has(parent)) return MAX_PAGE_ROWS / ROWS_PER_COUNT;
  return 1;
}

const firstOf = (field: AnyField) => field.args.find((argument) => argument.name === 'first');

const hasPages = (field: AnyField): boolean => firstOf(field) !== undefined;

/**
 * A size in a variable counts as the largest: the verdict is kept with the document, and the next request may bring another
 * value. One over the largest is no dearer than the largest, since the query refuses it (BAD_USER_INPUT).
 */
function rowsOf(field: AnyField, node: FieldNode): number {
  const given = node.arguments?.find((argument) => argument.name.value === 'first')?.value;
  if (given?.kind === Kind.INT) return Math.min(Math.max(Number(given.value), 1), MAX_PAGE_ROWS);
  const byDefault: unknown = firstOf(field)?.defaultValue;
  const isLeftOut = given === undefined || given.kind === Kind.NULL;
  return isLeftOut && typeof byDefault === 'number' ? byDefault : MAX_PAGE_ROWS;
}
