import base from './jest.config.js';

/** What needs more than Node: a browser, Redis, a proxy, a second PostgreSQL. */
export default {
  ...base,
  testTimeout: 60_000,
  maxWorkers: 1,
  testMatch: ['<rootDir>/test/services/**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/node_modules/'],
};
