import type { MigrationInterface, QueryRunner } from 'typeorm';

const ADDED_TO = ['audit_keys', 'audit_tombstones'];

/** What the sealer, the verification and the retention of the audit trail need beside its events. */
export class AuditChain1764000000030 implements MigrationInterface {
  name = 'AuditChain1764000000030';

  async up(runner: QueryRunner): Promise<void> {
    // Nothing was sealed before this migration, so the column needs no default.
    await runner.query(`ALTER TABLE "audit_positions" ADD "leaf" bytea NOT NULL`);
    await runner.query(`CREATE INDEX "audit_events_type_at_id_idx" ON "audit_events" ("type", "at", "id")`);
    await runner.query(`
      CREATE TABLE "audit_keys" (
        "id" text NOT NULL CONSTRAINT "audit_keys_pkey" PRIMARY KEY,
        "previous" text NOT NULL CONSTRAINT "audit_keys_previous_key" UNIQUE,
        "public_key" bytea NOT NULL,
        "introduction" text NOT NULL,
        "introduced_at" timestamptz(3) NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE "audit_tombstones" (
        "seal_id" bigint NOT NULL CONSTRAINT "audit_tombstones_pkey" PRIMARY KEY,
        "tombstone" text NOT NULL,
        "dropped_at" timestamptz(3) NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE "audit_retention" (
        "id" smallint NOT NULL CONSTRAINT "audit_retention_pkey" PRIMARY KEY,
        "keep_days" integer NOT NULL
      )`);
    for (const table of ADDED_TO) {
      await runner.query(`
        CREATE TRIGGER "${table}_refuse_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "${table}"
        FOR EACH STATEMENT EXECUTE FUNCTION "audit_refuse_change"()`);
    }
    // Who could turn this setting on without the function needs the right to delete besides, which the server's role has not.
    await runner.query(`
      CREATE OR REPLACE FUNCTION "audit_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' AND current_setting('gatehouse.audit_drop', true) = 'on' THEN RETURN NULL; END IF;
          RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'insufficient_privilege';
        END
      $$`);
    await runner.query(`
      CREATE FUNCTION "audit_drop_oldest"(batch bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = public, pg_temp AS $$
        DECLARE
          oldest audit_seals%ROWTYPE;
          floor_days integer;
          dropped uuid[];
        BEGIN
          SELECT * INTO oldest FROM audit_seals ORDER BY id LIMIT 1;
          SELECT keep_days INTO floor_days FROM audit_retention;
          IF oldest.id IS DISTINCT FROM batch OR NOT EXISTS (SELECT FROM audit_seals WHERE id > batch) THEN
            RAISE EXCEPTION 'only the oldest sealed batch may go, and never the last one' USING ERRCODE = 'insufficient_privilege';
          END IF;
          IF floor_days IS NULL OR oldest.sealed_at > now() - make_interval(days => floor_days) THEN
            RAISE EXCEPTION 'the batch is younger than the trail is kept' USING ERRCODE = 'insufficient_privilege';
          END IF;
          IF NOT EXISTS (SELECT FROM audit_tombstones WHERE seal_id = batch) THEN
            RAISE EXCEPTION 'the batch has no tombstone' USING ERRCODE = 'insufficient_privilege';
          END IF;
          PERFORM set_config('gatehouse.audit_drop', 'on', true);
          WITH gone AS (DELETE FROM audit_positions WHERE seal_id = batch RETURNING event_id)
            SELECT array_agg(event_id) INTO dropped FROM gone;
          DELETE FROM audit_events WHERE id = ANY (dropped);
          DELETE FROM audit_seals WHERE id = batch;
          PERFORM set_config('gatehouse.audit_drop', 'off', true);
          RETURN coalesce(array_length(dropped, 1), 0);
        END
      $$`);
    await runner.query('REVOKE ALL ON FUNCTION "audit_drop_oldest"(bigint) FROM PUBLIC');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION "audit_drop_oldest"(bigint)');
    await runner.query(`
      CREATE OR REPLACE FUNCTION "audit_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'insufficient_privilege'; END
      $$`);
    for (const table of ['audit_retention', ...ADDED_TO]) await runner.query(`DROP TABLE "${table}"`);
    await runner.query('DROP INDEX "audit_events_type_at_id_idx"');
    await runner.query('ALTER TABLE "audit_positions" DROP COLUMN "leaf"');
  }
}
