import { swcOptions } from './test/support/swc-options.js';

/*
 * Each test file runs in a realm of its own, with the server's sources and packages loaded anew. Loading took 0.7 seconds of
 * a file and takes 0.3: `globalSetup` links the packages into few files (test/support/realm/link-packages.mjs, once for each
 * install, below node_modules/.cache), the resolver leads imports to them, and the environment compiles them once for each
 * worker. A package that the sources begin to import is linked by itself.
 */
const shared = {
  testEnvironment: '<rootDir>/test/support/realm/environment.js',
  resolver: '<rootDir>/test/support/realm/resolver.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  setupFilesAfterEnv: ['<rootDir>/test/support/quiet.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
};

export default {
  // For a test that hangs: none may fail because its machine is slow, or busy.
  testTimeout: 180_000,
  // One more than the cores of a small machine: some files mostly wait for a process or a clock.
  maxWorkers: 3,
  // Node 20 never frees the ES modules of a finished test file: a worker is replaced before collecting garbage costs more.
  workerIdleMemoryLimit: '400MB',
  testSequencer: '<rootDir>/test/support/slowest-first.js',
  globalSetup: '<rootDir>/test/support/start-postgres.mjs',
  globalTeardown: '<rootDir>/test/support/stop-postgres.mjs',
  ...shared,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/services/'],
};
