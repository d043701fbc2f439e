import base from './jest.config.js';

/** Proofs by many rounds or values, which `npm test` runs smaller: test/support/full-size.ts. */
const AT_FULL_SIZE = [
  'api/guessing',
  'property/common-passwords',
  'security/enumeration',
  'security/fence',
  'security/power-races',
  'security/refresh-races',
  'unit/windows',
];

/** What needs more than Node: a browser, Redis, a proxy, a second PostgreSQL; and what takes longer than a developer waits. */
export default {
  ...base,
  maxWorkers: 1,
  globals: { fullSize: true },
  testMatch: ['<rootDir>/test/services/**/*.test.ts', ...AT_FULL_SIZE.map((name) => `<rootDir>/test/${name}.test.ts`)],
  testPathIgnorePatterns: ['<rootDir>/node_modules/'],
};
