import { dataSourceOptions } from '../../ormconfig.ts';
import { migrate } from '../../src/platform/migrate.ts';
import type { Secret } from '../../src/platform/secret.ts';

/** Migrates the database that test files clone, with all rights that the server's role gets. */
export async function makeTemplate(ownerUrl: Secret, serverUrl: Secret): Promise<void> {
  await migrate(dataSourceOptions, { ownerUrl, serverUrl });
}
