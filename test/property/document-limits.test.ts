import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DocumentNode, parse, visit } from 'graphql';
import type { DocumentLimits } from '../../src/config.ts';
import { findBrokenLimit } from '../../src/limits/document-limits.ts';
import { limitsSchema } from '../support/limits-schema.ts';

/** A selection of a random document, as it is written and as it counts. */
type Selection =
  | { kind: 'field'; name: string; alias: boolean; directives: number; times: number; below: readonly Selection[] }
  | { kind: 'inline'; directives: number; below: readonly Selection[] }
  | { kind: 'spread'; directives: number; to: number };

interface Counts {
  depth: number;
  cost: number;
  aliases: number;
  directives: number;
  rootFields: number;
}
const LIMITS = ['depth', 'cost', 'aliases', 'directives', 'rootFields'] as const;
const FRAGMENTS = 4;

const directives = fc.nat({ max: 2 });
const arbitrary = (ring: boolean, from: number) =>
  fc.letrec<{ user: Selection; users: Selection[]; session: Selection; sessions: Selection[] }>((tie) => {
    const below = (key: 'users' | 'sessions') => tie(key);
    const leaf = fc.record({
      kind: fc.constant('field' as const),
      name: fc.constant('id'),
      alias: fc.boolean(),
      directives,
      times: fc.constant(1),
      below: fc.constant<readonly Selection[]>([]),
    });
    const field = (name: string, times: number, key: 'users' | 'sessions') =>
      fc.record({
        kind: fc.constant('field' as const),
        name: fc.constant(name),
        alias: fc.boolean(),
        directives,
        times: fc.constant(times),
        below: below(key),
      });
    const inline = (key: 'users' | 'sessions') =>
      fc.record({ kind: fc.constant('inline' as const), directives, below: below(key) });
    const spread = fc.record({
      kind: fc.constant('spread' as const),
      directives,
      to: fc.integer({ min: ring ? 0 : Math.min(from, FRAGMENTS - 1), max: FRAGMENTS - 1 }),
    });
    const spreads = ring || from < FRAGMENTS ? [spread] : [];
    return {
      user: fc.oneof(
        { depthSize: 'small' },
        leaf,
        field('friend', 1, 'users'),
        field('sessions', 5, 'sessions'),
        inline('users'),
        ...spreads,
      ),
      users: fc.array(tie('user'), { minLength: 1, maxLength: 2 }),
      session: fc.oneof({ depthSize: 'small' }, leaf, field('user', 1, 'users'), inline('sessions')),
      sessions: fc.array(tie('session'), { minLength: 1, maxLength: 2 }),
    };
  }).users;

/** The operation's selections of `me`, and those of each fragment: which spread only later ones, or any. */
const documents = (ring: boolean) =>
  fc.tuple(arbitrary(ring, 0), ...Array.from({ length: FRAGMENTS }, (_, i) => arbitrary(ring, i + 1)));

const on = (count: number) => ' @x'.repeat(count);
function write(selection: Selection): string {
  const tail = on(selection.directives);
  if (selection.kind === 'spread') return `...F${selection.to}${tail}`;
  if (selection.kind === 'inline') return `...${tail} { ${selection.below.map(write).join(' ')} }`;
  const below = selection.below.length === 0 ? '' : ` { ${selection.below.map(write).join(' ')} }`;
  return `${selection.alias ? 'a: ' : ''}${selection.name}${tail}${below}`;
}
const writeDocument = ([root, ...fragments]: readonly (readonly Selection[])[], order = (parts: string[]) => parts) =>
  order([
    `{ me { ${(root ?? []).map(write).join(' ')} } }`,
    ...fragments.map((selections, i) => `fragment F${i} on User { ${selections.map(write).join(' ')} }`),
  ]).join('\n# me { id }\n');

/** By writing every fragment out where it is spread: slow, and plain to see. */
function count(selections: readonly Selection[], fragments: readonly (readonly Selection[])[]): Counts {
  const all = selections.map((selection): Counts => {
    if (selection.kind === 'field') {
      const below = selection.below.length === 0 ? undefined : count(selection.below, fragments);
      return {
        depth: below?.depth ?? 0,
        cost: 1 + selection.times * (below?.cost ?? 0),
        aliases: Number(selection.alias) + (below?.aliases ?? 0),
        directives: selection.directives + (below?.directives ?? 0),
        rootFields: 1,
      };
    }
    const inside = count(selection.kind === 'inline' ? selection.below : (fragments[selection.to] ?? []), fragments);
    return { ...inside, directives: inside.directives + selection.directives };
  });
  const sum = (name: keyof Counts) => all.reduce((total, one) => total + one[name], 0);
  return {
    depth: 1 + Math.max(...all.map((one) => one.depth)),
    cost: sum('cost'),
    aliases: sum('aliases'),
    directives: sum('directives'),
    rootFields: sum('rootFields'),
  };
}

const unlimited = (limits: Partial<DocumentLimits>): DocumentLimits => ({
  depth: 1_000,
  introspectionDepth: 1_000,
  cost: 1e9,
  aliases: 1e9,
  directives: 1e9,
  tokens: 1e9,
  rootFields: 1e9,
  ...limits,
});
const find = (document: DocumentNode, limits: Partial<DocumentLimits>) =>
  findBrokenLimit(limitsSchema, document, unlimited(limits));

describe('any document', () => {
  test('measures what it would with its fragments written out, in whatever order it defines them', () => {
    fc.assert(
      fc.property(documents(false), fc.boolean(), (parts, reversed) => {
        const [root, ...fragments] = parts;
        const document = parse(writeDocument(parts, (texts) => (reversed ? texts.reverse() : texts)));
        const operation = count(root, fragments);
        const written: Counts = { ...operation, depth: operation.depth + 1, cost: operation.cost + 1, rootFields: 1 };
        const alone = fragments.map((selections) => count(selections, fragments));
        for (const limit of LIMITS) {
          const judged = limit === 'rootFields' ? [written] : [written, ...alone];
          const measure = Math.max(...judged.map((one) => one[limit]));
          expect(find(document, { [limit]: measure })).toBeUndefined();
          expect(find(document, { [limit]: measure - 1 })?.message).toContain(`limit of ${limit},`);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('has each of its selection sets read once at most, whatever its fragments spread, rings included', () => {
    fc.assert(
      fc.property(documents(true), (parts) => {
        let sets = 0;
        let reads = 0;
        const counting = visit(parse(writeDocument(parts)), {
          SelectionSet: {
            leave: (node) => {
              sets += 1;
              const { selections } = node;
              return Object.defineProperty({ ...node }, 'selections', {
                get: () => {
                  reads += 1;
                  return selections;
                },
              });
            },
          },
        });
        find(counting, {});
        expect(reads).toBeLessThanOrEqual(sets);
        expect(reads).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  test('is refused when any of its fragments can reach itself, and only then', () => {
    fc.assert(
      fc.property(documents(true), (parts) => {
        const [, ...fragments] = parts;
        const spreadIn = (selections: readonly Selection[]): number[] =>
          selections.flatMap((one) => (one.kind === 'spread' ? [one.to] : spreadIn(one.below)));
        const reach = (from: number, seen = new Set<number>()): Set<number> => {
          for (const to of spreadIn(fragments[from] ?? [])) if (!seen.has(to)) reach(to, seen.add(to));
          return seen;
        };
        const isRing = fragments.some((_, i) => reach(i).has(i));
        const refusal = find(parse(writeDocument(parts)), {});
        expect(refusal?.message.includes('spreads itself') ?? false).toBe(isRing);
      }),
      { numRuns: 100 },
    );
  });
});
