import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { Client, types } from 'pg';
import { DataSource, getMetadataArgsStorage, QueryFailedError } from 'typeorm';

interface Realm {
  readonly global: typeof globalThis;
  teardown(): Promise<void>;
}
const LINKED = Symbol.for('linked');
const ENVIRONMENT: string = '../support/realm/environment.js';
const TIMESTAMPTZ = 1184;

/** A package as the linked files of a realm make it. */
const packageIn = ({ global }: Pick<Realm, 'global'>, name: string) =>
  Reflect.get(global, LINKED)(`import-${name}.linked.cjs`).all;

describe('the packages of a test file', () => {
  test('are the linked ones, also where the sources import them', () => {
    expect(packageIn({ global: globalThis }, 'pg').Client).toBe(Client);
    expect(packageIn({ global: globalThis }, 'graphql').GraphQLError).toBe(GraphQLError);
  });

  test('live in its own realm: an error of theirs is an Error, a date a Date, an object an Object', () => {
    expect(new QueryFailedError('SELECT', [], new Error('cause'))).toBeInstanceOf(Error);
    expect(new GraphQLError('')).toBeInstanceOf(Error);
    expect(types.getTypeParser(TIMESTAMPTZ)('2026-01-02 03:04:05+00')).toBeInstanceOf(Date);
    expect(new DataSource({ type: 'postgres' }).options).toBeInstanceOf(Object);
  });

  test('know of no entity that this file did not import', () => {
    expect(getMetadataArgsStorage().tables).toEqual([]);
  });
});

describe('two test files', () => {
  const realms: Realm[] = [];
  beforeAll(async () => {
    const { default: Environment }: { default: new (config: object, context: object) => Realm } = await import(
      ENVIRONMENT
    );
    const projectConfig = { testEnvironmentOptions: {}, globals: {}, fakeTimers: {} };
    for (const path of ['first', 'second']) realms.push(new Environment({ projectConfig }, { testPath: path }));
  });
  afterAll(async () => {
    for (const realm of realms) await realm.teardown();
  });

  test('share no global, no built-in and no package, however one changes it', () => {
    const [first, second] = realms;
    if (!first || !second) throw new Error('They were not made');
    const parts = ({ global }: Realm) => [
      global,
      global.process,
      global.Array.prototype,
      packageIn({ global }, 'pg').Client.prototype,
      packageIn({ global }, 'graphql').GraphQLError,
      packageIn({ global }, 'typeorm').DataSource.prototype,
    ];
    for (const part of parts(first)) Reflect.set(part, 'leaked', true);
    expect(parts(first).map((part) => Reflect.get(part, 'leaked'))).toEqual(parts(first).map(() => true));
    expect(parts(second).map((part) => Reflect.get(part, 'leaked'))).toEqual(parts(second).map(() => undefined));
  });
});
