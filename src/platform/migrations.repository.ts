import type { EntityManager } from 'typeorm';

/** Any number will do, so long as it is always this one. */
const MIGRATION_LOCK = 4_711_002;

/** Waits until no other node migrates, and keeps others waiting until the transaction ends. */
export async function holdMigrationLock(tx: EntityManager): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
}

/** What the server may do with each table; those of the audit trail it may only add to. */
const AUDIT_TABLES = [
  'audit_events',
  'audit_positions',
  'audit_seals',
  'audit_unsealed',
  'audit_keys',
  'audit_tombstones',
];
/** How long the trail is kept is the owner's to say. */
const OWNERS_ALONE = ['audit_retention'];
/** Nobody who was erased may be taken off the list. */
const ADDED_TO = [...AUDIT_TABLES, 'erasures'];

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
    if (OWNERS_ALONE.includes(name)) continue;
    const rights =
      name === 'migrations'
        ? 'SELECT'
        : ADDED_TO.includes(name)
          ? `SELECT, INSERT${name === 'audit_unsealed' ? ', DELETE' : ''}`
          : 'SELECT, INSERT, UPDATE, DELETE';
    await owner.query(`GRANT ${rights} ON TABLE "${name}" TO ${quoted}`);
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
