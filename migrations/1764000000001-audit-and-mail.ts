import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit trail with its seals, the keys of days, and the outbox of mails. */
export class AuditAndMail1764000000001 implements MigrationInterface {
  name = 'AuditAndMail1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_events" (
        "id" uuid NOT NULL CONSTRAINT "audit_events_pkey" PRIMARY KEY,
        "format" smallint NOT NULL,
        "at" timestamptz(3) NOT NULL,
        "type" text NOT NULL,
        "outcome" text NOT NULL,
        "actor_kind" text NOT NULL,
        "actor_id" text,
        "subject_id" text,
        "operation_name" text,
        "request_id" text,
        "node" text NOT NULL,
        "details" jsonb NOT NULL,
        "origin" bytea,
        "origin_key_kind" text,
        "origin_key_id" uuid,
        "origin_commitment" bytea,
        "subject_data" bytea,
        "subject_key_kind" text,
        "subject_key_id" uuid,
        "subject_commitment" bytea,
        "audit_key_id" text NOT NULL,
        "mac" bytea NOT NULL
      )`);
    await runner.query(`CREATE INDEX "audit_events_at_id_idx" ON "audit_events" ("at", "id")`);
    await runner.query(
      `CREATE INDEX "audit_events_actor_id_at_id_idx" ON "audit_events" ("actor_id", "at", "id") WHERE actor_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX "audit_events_subject_id_at_id_idx" ON "audit_events" ("subject_id", "at", "id") WHERE subject_id IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE "audit_unsealed" (
        "event_id" uuid NOT NULL CONSTRAINT "audit_unsealed_pkey" PRIMARY KEY,
        CONSTRAINT "audit_unsealed_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "audit_events" ("id")
      )`);
    await runner.query(`
      CREATE TABLE "audit_seals" (
        "id" bigint NOT NULL CONSTRAINT "audit_seals_pkey" PRIMARY KEY,
        "previous" bytea NOT NULL CONSTRAINT "audit_seals_previous_key" UNIQUE,
        "first_position" bigint NOT NULL,
        "last_position" bigint NOT NULL,
        "root" bytea NOT NULL,
        "head" text NOT NULL,
        "audit_key_id" text NOT NULL,
        "node" text NOT NULL,
        "sealed_at" timestamptz(3) NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE "audit_positions" (
        "position" bigint NOT NULL CONSTRAINT "audit_positions_pkey" PRIMARY KEY,
        "event_id" uuid NOT NULL CONSTRAINT "audit_positions_event_id_key" UNIQUE,
        "seal_id" bigint NOT NULL,
        CONSTRAINT "audit_positions_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "audit_events" ("id"),
        CONSTRAINT "audit_positions_seal_id_fkey" FOREIGN KEY ("seal_id") REFERENCES "audit_seals" ("id")
      )`);
    await runner.query(`CREATE INDEX "audit_positions_seal_id_idx" ON "audit_positions" ("seal_id")`);
    // A guard against accidents, also of the owner's. What a hostile owner does, the MACs and seals show.
    await runner.query(`
      CREATE FUNCTION "audit_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'insufficient_privilege'; END
      $$`);
    for (const table of ['audit_events', 'audit_positions', 'audit_seals']) {
      await runner.query(`
        CREATE TRIGGER "${table}_refuse_change" BEFORE UPDATE OR DELETE OR TRUNCATE ON "${table}"
        FOR EACH STATEMENT EXECUTE FUNCTION "audit_refuse_change"()`);
    }
    await runner.query(`
      CREATE TABLE "day_keys" (
        "id" uuid NOT NULL CONSTRAINT "day_keys_pkey" PRIMARY KEY,
        "day" date NOT NULL,
        "life" text NOT NULL,
        "wrapped" bytea NOT NULL,
        "wrapping_key_id" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        CONSTRAINT "day_keys_day_life_key" UNIQUE ("day", "life")
      )`);
    await runner.query(`CREATE INDEX "day_keys_wrapping_key_id_idx" ON "day_keys" ("wrapping_key_id")`);
    await runner.query(`
      CREATE TABLE "mails" (
        "id" uuid NOT NULL CONSTRAINT "mails_pkey" PRIMARY KEY,
        "user_id" uuid,
        "key_kind" text NOT NULL,
        "key_id" uuid NOT NULL,
        "content" bytea NOT NULL,
        "attempts" integer NOT NULL DEFAULT 0,
        "next_attempt_at" timestamptz(3) NOT NULL,
        "claimed_until" timestamptz(3),
        "created_at" timestamptz(3) NOT NULL,
        CONSTRAINT "mails_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "mails_user_id_idx" ON "mails" ("user_id")`);
    await runner.query(`CREATE INDEX "mails_next_attempt_at_idx" ON "mails" ("next_attempt_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['mails', 'day_keys', 'audit_positions', 'audit_seals', 'audit_unsealed', 'audit_events']) {
      await runner.query(`DROP TABLE "${table}"`);
    }
    await runner.query('DROP FUNCTION "audit_refuse_change"()');
  }
}
