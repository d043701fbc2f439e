const isFullSize = Reflect.get(globalThis, 'fullSize') === true;

/**
 * The size of a proof by many rounds or many values: `full` in `npm run test:services`, `quick` in `npm test`. Both run the
 * same checks; a rare fault shows itself to the longer one first.
 */
export const bySize = (full: number, quick: number): number => (isFullSize ? full : quick);
