import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  defaultFieldResolver,
  type GraphQLArgument,
  type GraphQLNamedType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { printSdl } from '../../src/graphql/build-schema.ts';
import { describeSchema } from '../../src/schema.ts';

const FILE = 'schema/schema.graphql';
const REFRESH =
  'Refresh it: npm run --silent gatehouse -- schema > schema/schema.graphql (npm run docs does it too, with all else that is generated).';

const schema = describeSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);
const roots = [schema.getQueryType(), schema.getMutationType()].filter((type) => type !== undefined && type !== null);
const isRoot = (type: GraphQLNamedType) => roots.some(({ name }) => name === type.name);

const fieldsOf = (type: GraphQLNamedType) => (isObjectType(type) ? Object.values(type.getFields()) : []);
const inputFieldsOf = (type: GraphQLNamedType) => (isInputObjectType(type) ? Object.values(type.getFields()) : []);
const valuesOf = (type: GraphQLNamedType) => (isEnumType(type) ? type.getValues() : []);

/** Every field of an answer or an input, by name. */
const allFields = types.flatMap((type) =>
  [...fieldsOf(type), ...inputFieldsOf(type)].map((field) => ({
    name: `${type.name}.${field.name}`,
    type: field.type,
  })),
);
const rootFields = roots.flatMap((type) => fieldsOf(type).map((field) => ({ ...field, root: type.name })));
const args = types.flatMap((type) =>
  fieldsOf(type).flatMap((field) =>
    field.args.map((arg): [string, GraphQLArgument] => [`${type.name}.${field.name}(${arg.name})`, arg]),
  ),
);

/** Its type says it all. */
const isInputObject = ({ name, type }: GraphQLArgument) => name === 'input' && isInputObjectType(getNamedType(type));

test(`${FILE} is what the sources serve`, () => {
  const isSame = readFileSync(FILE, 'utf8') === printSdl(schema);
  if (!isSame) throw new Error(`${FILE} is not what the sources serve. ${REFRESH}`);
});

test('objects answer by their properties: graphql-js reads them, and a function is asked only where a resolver class has one', () => {
  const asked = types
    .filter((type) => !isRoot(type))
    .flatMap((type) => fieldsOf(type).map(({ name, resolve }) => ({ name: `${type.name}.${name}`, resolve })))
    .filter(({ resolve }) => resolve !== defaultFieldResolver);
  expect(asked.map(({ name }) => name)).toEqual(['User.sessions']);
});

describe('descriptions', () => {
  test('stand at every type, the roots apart, whose fields say it all', () => {
    expect(types.filter((type) => !isRoot(type) && !type.description).map(({ name }) => name)).toEqual([]);
  });

  test('stand at every field, input field and enum value', () => {
    const parts = types.flatMap((type) =>
      [...fieldsOf(type), ...inputFieldsOf(type), ...valuesOf(type)].map(
        ({ name, description }) => [`${type.name}.${name}`, description] as const,
      ),
    );
    expect(parts.filter(([, description]) => !description).map(([name]) => name)).toEqual([]);
  });

  test('stand at every argument, save for `input`, whose type has one', () => {
    expect(args.filter(([, arg]) => !isInputObject(arg) && !arg.description).map(([name]) => name)).toEqual([]);
  });

  test('are sentences', () => {
    const texts = types.flatMap((type) => [type, ...fieldsOf(type), ...inputFieldsOf(type), ...valuesOf(type)]);
    const unfinished = texts.filter(({ description }) => description && !/^["'`\w][\s\S]*[.:)"]$/.test(description));
    expect(unfinished.map(({ description }) => description)).toEqual([]);
  });
});

describe('the contract with clients', () => {
  test('root fields are nullable: one that fails leaves its neighbours their answers', () => {
    const nonNull = rootFields.filter(({ type }) => isNonNullType(type));
    expect(nonNull.map(({ root, name }) => `${root}.${name}`)).toEqual([]);
  });

  test('items of lists are never null', () => {
    const holes = allFields.filter(({ type }) => {
      const list = getNullableType(type);
      return isListType(list) && !isNonNullType(list.ofType);
    });
    expect(holes.map(({ name }) => name)).toEqual([]);
  });

  test('ids are of type ID, and what is of type ID is named as one', () => {
    const isId = (name: string) => /(?:\.id|Ids?)$/.test(name);
    const isOfId = ({ name }: GraphQLNamedType) => name === 'ID';
    const untrue = allFields.filter(({ name, type }) => isId(name) !== isOfId(getNamedType(type)));
    // The request's id is the operator's word for a line of the log, and names no object.
    expect(untrue.map(({ name }) => name).filter((name) => !name.endsWith('.requestId'))).toEqual([]);
    const nullable = allFields.filter(({ name, type }) => name.endsWith('.id') && `${type}` !== 'ID!');
    expect(nullable.map(({ name }) => name)).toEqual([]);
  });

  test('moments are named …At and are DateTimes', () => {
    const untrue = allFields.filter(({ name, type }) => {
      const isMoment = getNamedType(type).name === 'DateTime';
      const mayBe = /(?:At|\.at|Filter\.(?:after|before|createdAfter|createdBefore))$/.test(name);
      return isMoment !== mayBe;
    });
    expect(untrue.map(({ name }) => name)).toEqual([]);
  });

  test('a mutation takes one `input` or nothing', () => {
    const others = rootFields.filter(
      ({ root, args: given }) => root === 'Mutation' && (given.length > 1 || given.some((arg) => !isInputObject(arg))),
    );
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  test('pages take `first`, 20 by default, and `after`, and answer nodes, edges and where they end', () => {
    const isPage = ({ type }: { type: Parameters<typeof getNamedType>[0] }) =>
      getNamedType(type)?.name.endsWith('Connection') === true;
    const paged = types.flatMap((type) => fieldsOf(type).filter(isPage));
    const shown = paged.map((field) =>
      field.args
        .filter(({ name }) => /^(?:first|after)$/.test(name))
        .map((arg) => `${arg.name}: ${arg.type} = ${arg.defaultValue}`),
    );
    for (const each of shown) expect(each).toEqual(['first: Int = 20', 'after: String = undefined']);
    const unpaged = args.filter(([name]) => name.endsWith('(first)')).length;
    expect(unpaged).toBe(paged.length);
    for (const field of paged) {
      const names = fieldsOf(getNamedType(field.type)).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['edges', 'nodes', 'pageInfo']));
    }
  });

  test('what is deprecated says what to use', () => {
    const reasons = types.flatMap((type) => [...fieldsOf(type), ...inputFieldsOf(type), ...valuesOf(type)]);
    const silent = reasons.filter(({ deprecationReason }) => deprecationReason && !/\buse\b/i.test(deprecationReason));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
