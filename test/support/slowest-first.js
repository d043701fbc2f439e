import { statSync } from 'node:fs';

/** The files that take longest, mostly since they wait, from the slowest on. A name that is missing here costs time alone. */
const SLOWEST = [
  'db/key-rotation',
  'db/keyring-check',
  'api/http-wire',
  'security/change-and-event',
  'security/power-races',
  'db/audit-tampering',
  'db/retired-system-key',
  'db/cli-administration',
  'security/enumeration',
  'db/reseal',
  'unit/build',
  'api/signing-keys',
  'unit/common-passwords',
];

const rankOf = ({ path }) => {
  const at = SLOWEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return at < 0 ? SLOWEST.length : at;
};

/**
 * Jest's order of test files: those that take longest first, so that none is left for the end, when the other cores have
 * nothing to do; then by size. Jest's own order knows how long they took last time, and in a fresh clone nothing did.
 */
export default class SlowestFirst {
  sort(tests) {
    const ranked = tests.map((test) => ({ test, rank: rankOf(test), size: statSync(test.path).size }));
    return ranked.sort((a, b) => a.rank - b.rank || b.size - a.size).map(({ test }) => test);
  }

  /** Nothing is kept: the order is the same in every run. */
  cacheResults() {}
}
