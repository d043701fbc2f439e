import { asOwner, type DatabaseSchema } from './database.ts';
import { findRole, grantToServer, holdMigrationLock } from './migrations.repository.ts';
import type { Secret } from './secret.ts';

/**
 * Brings the database up to date as its owner and gives the server's role its rights, one node at a time. The names of the
 * migrations that ran; `starting` is told before the first of them, since on large tables they take minutes.
 */
export async function migrate(
  schema: DatabaseSchema,
  { ownerUrl, serverUrl }: { readonly ownerUrl: Secret; readonly serverUrl: Secret },
  starting: () => void = () => undefined,
): Promise<string[]> {
  return asOwner(schema, { url: ownerUrl, pool: 2 }, (owner) =>
    owner.transaction(async (lock) => {
      await holdMigrationLock(lock);
      if (await owner.showMigrations()) starting();
      const done = await owner.runMigrations();
      const server = roleOf(serverUrl);
      const { name } = await findRole(owner.manager);
      // All or nothing: between a REVOKE and its GRANT every request of the servers that run would fail.
      if (server !== undefined && server !== name) await owner.transaction((tx) => grantToServer(tx, server));
      return done.map((migration) => migration.name);
    }),
  );
}

/** The user that a connection string names. */
function roleOf(url: Secret): string | undefined {
  const { username } = new URL(url.reveal());
  return username === '' ? undefined : decodeURIComponent(username);
}
