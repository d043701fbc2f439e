import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, getVariableValues, Kind, parse, validate } from 'graphql';
import { toExampleOperations } from '../../src/http/playground/example-operations.ts';

describe('the playground cuts documents into example operations', () => {
  test('each keeps its comment and nothing of its neighbours', () => {
    const [login, me] = toExampleOperations({
      'a.graphql':
        '# Who.\nquery Me { me { id } }\n\n# In.\nmutation Login($input: LoginInput!) { login(input: $input) { x } }\n',
    });
    expect(login?.query).toBe('# In.\nmutation Login($input: LoginInput!) { login(input: $input) { x } }');
    expect(me?.query).toBe('# Who.\nquery Me { me { id } }');
  });

  test('they stand in the order in which one tries them, unknown ones after, by name', () => {
    const document = ['Zebra', 'ServerInfo', 'Ape', 'Register'].map((name) => `query ${name} { x }`).join('\n');
    const names = toExampleOperations({ 'a.graphql': document }).map((each) => each.name);
    expect(names).toEqual(['Register', 'ServerInfo', 'Ape', 'Zebra']);
  });

  test('one brings the fragments it uses, also through another and from another file, each once', () => {
    const [example] = toExampleOperations({
      'a.graphql': 'query Who { me { ...A } }',
      'b.graphql': 'fragment A on User { ...B }\nfragment B on User { id ...A }\nfragment C on User { id }',
    });
    expect(example?.query).toBe(
      'query Who { me { ...A } }\n\nfragment A on User { ...B }\n\nfragment B on User { id ...A }',
    );
  });

  test('variables are an example where there is one, else their names, else empty', () => {
    const [login, me, none, other] = toExampleOperations({
      'a.graphql':
        'mutation Login($input: L!) { x } query Me { me { id } } query None { x } query Other($a: Int, $b: Int!) { x }',
    });
    expect(JSON.parse(login?.variables ?? '')).toEqual({
      input: { email: expect.any(String), password: expect.any(String) },
    });
    expect(me?.variables).toBe('');
    expect(none?.variables).toBe('');
    expect(JSON.parse(other?.variables ?? '')).toEqual({ a: null, b: null });
  });

  test('an operation without a name is refused', () => {
    expect(() => toExampleOperations({ 'a.graphql': '{ me { id } }' })).toThrow('Each example operation needs a name.');
  });
});

describe('the operations of schema/operations', () => {
  const folder = resolve(import.meta.dirname, '../../schema');
  const schema = buildSchema(readFileSync(join(folder, 'schema.graphql'), 'utf8'));
  const names = readdirSync(join(folder, 'operations'));
  const examples = toExampleOperations(
    Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, 'operations', name), 'utf8')])),
  );

  test('have names of their own', () => {
    expect(new Set(examples.map((each) => each.name)).size).toBe(examples.length);
  });

  test('come by topic, none of them without a place in that order', () => {
    const order = examples.map((each) => each.name);
    expect(order.at(-1)).toBe('AuditIntegrity');
    const topics = [
      'Register',
      'MySessions',
      'ChangePassword',
      'EraseMe',
      'Users',
      'CreateUser',
      'Roles',
      'AuditEvents',
    ];
    expect(order.filter((name) => topics.includes(name))).toEqual(topics);
    expect(examples.filter(({ variables }) => /: null/.test(variables)).map((each) => each.name)).toEqual([]);
  });

  test.each(examples)('$name is valid as a tab by itself, and its example variables fit it', ({ query, variables }) => {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
    const values = variables === '' ? {} : JSON.parse(variables);
    expect(getVariableValues(schema, operation?.variableDefinitions ?? [], values)).not.toHaveProperty('errors');
  });
});
