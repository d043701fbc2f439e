import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type ClassType, type NonEmptyArray } from 'type-graphql';

/**
 * The schema of some resolvers, which are handed in ready made. Arguments are checked by `input-problems`, not by type-graphql:
 * its own validation would name the first fault alone, and print the value.
 */
export function buildSchema(resolvers: readonly object[]): GraphQLSchema {
  const classes = resolvers.map((resolver) => resolver.constructor as ClassType);
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  return buildSchemaSync({
    resolvers: classes as NonEmptyArray<ClassType>,
    container: { get: (wanted) => byClass.get(wanted) },
    validate: false,
  });
}

/** The schema as a file, in a fixed order: what `schema/schema.graphql` holds and `/schema.graphql` answers. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
