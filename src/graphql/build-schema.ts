import { defaultFieldResolver, type GraphQLSchema, isObjectType, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type ClassType, getMetadataStorage, type NonEmptyArray } from 'type-graphql';

/**
 * The schema of some resolver classes, whose instances `find` gives. Arguments are checked by `input-problems`, not by
 * type-graphql: its own validation would name the first fault alone, and print the value.
 */
export function buildSchema(resolvers: readonly ClassType[], find: (resolver: unknown) => unknown): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: resolvers as NonEmptyArray<ClassType>,
    container: { get: find },
    validate: false,
    // It would run an introspection; Apollo asserts the same of the schema that is served.
    skipCheck: true,
  });
  readProperties(schema);
  return schema;
}

/**
 * Has graphql-js read the properties of objects by itself. type-graphql makes an object and a function for each read, for
 * middlewares that nobody uses, and a page of users reads a thousand.
 */
function readProperties(schema: GraphQLSchema): void {
  const { objectTypes, fieldResolvers } = getMetadataStorage();
  for (const { name, target } of objectTypes) {
    const type = schema.getType(name);
    if (!isObjectType(type)) continue;
    const answered = fieldResolvers.filter((one) => one.kind === 'external' && one.getObjectType?.() === target);
    for (const field of Object.values(type.getFields())) {
      if (!answered.some(({ schemaName }) => schemaName === field.name)) field.resolve = defaultFieldResolver;
    }
  }
}

/** The schema as a file, in a fixed order: what `schema/schema.graphql` holds and `/schema.graphql` answers. */
export function printSdl(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
