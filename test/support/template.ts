import type { Secret } from '../../src/platform/secret.ts';

/** Migrates the database that test files clone. */
export async function makeTemplate(_ownerUrl: Secret): Promise<void> {}
