import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type ClassType, type NonEmptyArray } from 'type-graphql';

/**
 * The schema of some resolver classes, whose instances `find` gives. Arguments are checked by `input-problems`, not by
 * type-graphql: its own validation would name the first fault alone, and print the value.
 */
export function buildSchema(resolvers: readonly ClassType[], find: (resolver: unknown) => unknown): GraphQLSchema {
  return buildSchemaSync({
    resolvers: resolvers as NonEmptyArray<ClassType>,
    container: { get: find },
    validate: false,
    // It would run an introspection; Apollo asserts the same of the schema that is served.
    skipCheck: true,
  });
}

/** The schema as a file, in a fixed order: what `schema/schema.graphql` holds and `/schema.graphql` answers. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
