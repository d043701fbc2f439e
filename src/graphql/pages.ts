import { ArgsType, Field, Int, ObjectType } from 'type-graphql';
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from '../platform/pages.ts';
import { Limits } from './input-limits.ts';

/** The arguments of every list with pages. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_PAGE_ROWS,
    description: `How many, from 1 to ${MAX_PAGE_ROWS}.`,
  })
  @Limits({ min: 1, max: MAX_PAGE_ROWS })
  first!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'The endCursor of the page before, or the cursor of any edge. Belongs to this query and this filter.',
  })
  after!: string | null;
}

@ObjectType({ description: 'Where a page stands in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows the last edge.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether anything stands before the first edge.' })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Of the first edge; null on an empty page.' })
  readonly startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the last edge: what `after` takes for the next page.' })
  readonly endCursor!: string | null;
}
