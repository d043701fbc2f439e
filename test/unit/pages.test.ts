import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowsOfPage, toPage } from '../../src/platform/pages.ts';

const page = (rows: readonly number[], first: number, hasPrevious = false) =>
  toPage(
    { rows, hasPrevious },
    { first },
    (row) => `node ${row}`,
    (row) => `cursor ${row}`,
  );

describe('a page', () => {
  test('shows as many rows as were asked for, each with its cursor, and the one more tells of a next page', () => {
    expect(page([1, 2, 3], 2, true)).toEqual({
      edges: [
        { cursor: 'cursor 1', node: 'node 1' },
        { cursor: 'cursor 2', node: 'node 2' },
      ],
      nodes: ['node 1', 'node 2'],
      pageInfo: { hasNextPage: true, hasPreviousPage: true, startCursor: 'cursor 1', endCursor: 'cursor 2' },
    });
  });

  test('that takes all there is has no next page', () => {
    expect(page([1, 2], 2).pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
  });

  test('of nothing has no cursors, and may still have a page before it', () => {
    const pageInfo = { hasNextPage: false, startCursor: null, endCursor: null };
    expect(page([], 20)).toEqual({ edges: [], nodes: [], pageInfo: { ...pageInfo, hasPreviousPage: false } });
    expect(page([], 20, true).pageInfo).toEqual({ ...pageInfo, hasPreviousPage: true });
  });

  test('makes of its rows what is asked for, and nothing before', () => {
    const made: string[] = [];
    const shown = toPage(
      { rows: [1, 2, 3], hasPrevious: false },
      { first: 2 },
      (row) => made.push(`node ${row}`),
      (row) => `${made.push(`cursor ${row}`)}`,
    );
    expect(made).toEqual([]);
    expect(shown.pageInfo.endCursor).toBe('1');
    expect(shown.nodes).toEqual([2, 3]);
    expect(made).toEqual(['cursor 2', 'node 1', 'node 2']);
  });

  test('shows exactly the rows that are counted as shown', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 101 }), fc.integer({ min: 1, max: 100 }), (rows, first) => {
        const found = { rows: rows.slice(0, first + 1), hasPrevious: false };
        expect(page(found.rows, first).nodes).toEqual(rowsOfPage(found, { first }).map((row) => `node ${row}`));
      }),
    );
  });
});
