import type { EntityManager } from 'typeorm';

/** Any number will do, so long as it is always this one. */
const MIGRATION_LOCK = 4_711_002;

/** Waits until no other node migrates, and keeps others waiting until the transaction ends. */
export async function holdMigrationLock(tx: EntityManager): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
}

const ALL = 'SELECT, INSERT, UPDATE, DELETE';
const ADD = 'SELECT, INSERT';

/**
 * What the server may do with each table. A table that is not here is the owner's alone: of a new one somebody must have said whether a
 * server that was taken over may change it.
 */
const RIGHTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'address_jobs',
      'data_keys',
      'day_keys',
      'devices',
      'email_indexes',
      'mails',
      'nodes',
      'one_time_tokens',
      'profiles',
      'roles',
      'sessions',
      'signing_key_epoch',
      'signing_keys',
      'user_roles',
      'users',
    ].map((table) => [table, ALL]),
  ),
  // The trail is only added to; how long it is kept, in audit_retention, is the owner's to say.
  audit_events: ADD,
  audit_positions: ADD,
  audit_seals: ADD,
  audit_keys: ADD,
  audit_tombstones: ADD,
  audit_unsealed: `${ADD}, DELETE`,
  // Nobody who was erased may be taken off the list.
  erasures: ADD,
  migrations: 'SELECT',
};

/**
 * Gives the server's role what it needs and no more: no DDL, nothing on the migrations' table but to read it, and of the
 * audit trail INSERT and SELECT alone, with DELETE on the sealer's queue. Run by the owner after each migration.
 */
export async function grantToServer(owner: EntityManager, role: string): Promise<void> {
  const quoted = `"${role.replaceAll('"', '""')}"`;
  const tables = await owner.query<{ name: string }[]>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user`,
  );
  await owner.query(`GRANT USAGE ON SCHEMA public TO ${quoted}`);
  for (const { name } of tables) {
    await owner.query(`REVOKE ALL ON TABLE "${name}" FROM ${quoted}`);
    const rights = Object.hasOwn(RIGHTS, name) ? RIGHTS[name] : undefined;
    if (rights) await owner.query(`GRANT ${rights} ON TABLE "${name}" TO ${quoted}`);
  }
  await owner.query(`GRANT EXECUTE ON FUNCTION audit_drop_oldest(bigint) TO ${quoted}`);
}

/** The role of a connection, and whether it could change the audit trail: as its tables' owner, or as a superuser. */
export async function findRole(manager: EntityManager): Promise<{ name: string; isPowerful: boolean }> {
  const rows = await manager.query<{ name: string; isPowerful: boolean }[]>(
    `SELECT current_user AS name, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       OR EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'audit_events' AND pg_has_role(current_user, tableowner, 'MEMBER')) AS "isPowerful"`,
  );
  const [role] = rows;
  if (!role) throw new TypeError('PostgreSQL always knows the current user.');
  return role;
}
