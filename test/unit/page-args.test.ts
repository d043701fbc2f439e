import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { graphql, printType } from 'graphql';
import { Args, Info, Query, Resolver } from 'type-graphql';
import { buildSchema } from '../../src/graphql/build-schema.ts';
import { InputProblems } from '../../src/graphql/input-problems.ts';
import { PageArgs, PageInfo } from '../../src/graphql/pages.ts';
import { AppError } from '../../src/platform/errors.ts';

const problems = new InputProblems(() => undefined);
let last: PageArgs | undefined;

@Resolver()
class ListResolver {
  @Query(() => PageInfo, { nullable: true })
  list(@Args(() => PageArgs) args: PageArgs, @Info() info: Parameters<InputProblems['refuseBadInput']>[1]): null {
    problems.refuseBadInput({ ...args }, info);
    last = args;
    return null;
  }
}

const schema = buildSchema([ListResolver], () => new ListResolver());

async function ask(args: string, variables: Record<string, unknown> = {}): Promise<readonly string[]> {
  last = undefined;
  const { errors = [] } = await graphql({
    schema,
    source: `query${args.includes('$') ? '($first: Int)' : ''} { list${args} { endCursor } }`,
    variableValues: variables,
  });
  return errors.flatMap(({ originalError, message }) =>
    originalError instanceof AppError
      ? (originalError.facts.fields ?? []).map(({ path, code, limit }) => `${path.join('.')} ${code} ${limit}`)
      : [message],
  );
}

describe('the arguments of a page', () => {
  test('stand in the schema as every list has them', () => {
    expect(printType(schema.getType('Query') ?? fail())).toContain('first: Int = 20');
  });

  test.each([
    ['(first: 1)', 1],
    ['(first: 100)', 100],
    ['', 20],
    ['(first: null)', null],
    ['(first: $first)', 20],
  ])('%s is taken', async (args, first) => {
    expect(await ask(args)).toEqual([]);
    expect(last?.first).toBe(first);
  });

  test.each([0, -1, 101, 1_000_000_000, -2_147_483_648])('first of %d is out of range', async (first) => {
    const limit = first < 1 ? 1 : 100;
    expect(await ask(`(first: ${first})`)).toEqual([`first OUT_OF_RANGE ${limit}`]);
    expect(await ask('(first: $first)', { first })).toEqual([`first OUT_OF_RANGE ${limit}`]);
    expect(last).toBeUndefined();
  });
});

function fail(): never {
  throw new Error('The schema has no queries');
}
