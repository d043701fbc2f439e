import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users with their keys, addresses, profiles, roles, sessions and mailed tokens. Everything personal is bytea: sealed, or a keyed hash. */
export class Accounts1764000000000 implements MigrationInterface {
  name = 'Accounts1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "users" (
        "id" uuid NOT NULL CONSTRAINT "users_pkey" PRIMARY KEY,
        "email" bytea,
        "email_verified_at" timestamptz(3),
        "password_hash" bytea,
        "pepper_id" text,
        "password_parameters" text,
        "status" text NOT NULL,
        "origin" text NOT NULL,
        "contested" boolean NOT NULL DEFAULT false,
        "version" integer NOT NULL DEFAULT 1,
        "mail_token_version" integer NOT NULL DEFAULT 1,
        "created_at" timestamptz(3) NOT NULL,
        "last_login_at" timestamptz(3),
        CONSTRAINT "users_status_check" CHECK ("status" IN ('PENDING', 'ACTIVE', 'DISABLED', 'ERASED')),
        CONSTRAINT "users_origin_check" CHECK ("origin" IN ('REGISTRATION', 'ADMINISTRATOR', 'OPERATOR', 'IMPORT')),
        CONSTRAINT "users_password_check" CHECK (("password_hash" IS NULL) = ("pepper_id" IS NULL))
      )`);
    await runner.query(`
      CREATE TABLE "email_indexes" (
        "user_id" uuid NOT NULL,
        "key_version" text NOT NULL,
        "index" bytea NOT NULL,
        CONSTRAINT "email_indexes_pkey" PRIMARY KEY ("user_id", "key_version"),
        CONSTRAINT "email_indexes_key_version_index_key" UNIQUE ("key_version", "index"),
        CONSTRAINT "email_indexes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE "data_keys" (
        "id" uuid NOT NULL CONSTRAINT "data_keys_pkey" PRIMARY KEY,
        "user_id" uuid NOT NULL,
        "wrapped" bytea NOT NULL,
        "wrapping_key_id" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        CONSTRAINT "data_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE UNIQUE INDEX "data_keys_user_id_key" ON "data_keys" ("user_id")`);
    await runner.query(`CREATE INDEX "data_keys_wrapping_key_id_idx" ON "data_keys" ("wrapping_key_id")`);
    await runner.query(`
      CREATE TABLE "profiles" (
        "user_id" uuid NOT NULL CONSTRAINT "profiles_pkey" PRIMARY KEY,
        "display_name" bytea,
        "given_name" bytea,
        "family_name" bytea,
        "bio" bytea,
        "phone" bytea,
        "birth_date" bytea,
        "address" bytea,
        "avatar_url" bytea,
        "locale" bytea,
        "time_zone" bytea,
        "updated_at" timestamptz(3),
        CONSTRAINT "profiles_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE "roles" (
        "id" uuid NOT NULL CONSTRAINT "roles_pkey" PRIMARY KEY,
        "name" text NOT NULL CONSTRAINT "roles_name_key" UNIQUE,
        "description" text NOT NULL,
        "permissions" text[] NOT NULL,
        "built_in" boolean NOT NULL DEFAULT false,
        "created_at" timestamptz(3) NOT NULL,
        CONSTRAINT "roles_permissions_check" CHECK ("permissions" <@ ARRAY['USERS_READ', 'USERS_WRITE', 'USERS_ERASE',
          'SESSIONS_READ', 'SESSIONS_REVOKE', 'ROLES_READ', 'ROLES_WRITE', 'AUDIT_READ'])
      )`);
    await runner.query(`
      CREATE TABLE "user_roles" (
        "user_id" uuid NOT NULL,
        "role_id" uuid NOT NULL,
        "assigned_at" timestamptz(3) NOT NULL,
        CONSTRAINT "user_roles_pkey" PRIMARY KEY ("user_id", "role_id"),
        CONSTRAINT "user_roles_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE,
        CONSTRAINT "user_roles_role_id_fkey" FOREIGN KEY ("role_id") REFERENCES "roles" ("id")
      )`);
    await runner.query(`CREATE INDEX "user_roles_role_id_idx" ON "user_roles" ("role_id")`);
    await runner.query(`
      INSERT INTO "roles" ("id", "name", "description", "permissions", "built_in", "created_at") VALUES
        ('01930000-0000-7000-8000-000000000001', 'user', 'Uses their own account.', '{}', true, now()),
        ('01930000-0000-7000-8000-000000000002', 'support', 'Helps people with their accounts.', '{USERS_READ,SESSIONS_READ,SESSIONS_REVOKE}', true, now()),
        ('01930000-0000-7000-8000-000000000003', 'auditor', 'Reads the audit trail.', '{AUDIT_READ,ROLES_READ}', true, now()),
        ('01930000-0000-7000-8000-000000000004', 'admin', 'May do everything.',
          '{USERS_READ,USERS_WRITE,USERS_ERASE,SESSIONS_READ,SESSIONS_REVOKE,ROLES_READ,ROLES_WRITE,AUDIT_READ}', true, now())`);
    await runner.query(`
      CREATE TABLE "sessions" (
        "id" uuid NOT NULL CONSTRAINT "sessions_pkey" PRIMARY KEY,
        "user_id" uuid NOT NULL,
        "refresh_key" bytea NOT NULL,
        "refresh_generation" integer NOT NULL DEFAULT 0,
        "auth_generation" integer NOT NULL DEFAULT 0,
        "seen_generation" integer NOT NULL DEFAULT -1,
        "rotated_at" timestamptz(3) NOT NULL,
        "delivery" text NOT NULL,
        "factors" text[] NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "last_seen_at" timestamptz(3) NOT NULL,
        "expires_at" timestamptz(3) NOT NULL,
        "authenticated_at" timestamptz(3) NOT NULL,
        "revoked_at" timestamptz(3),
        "ip" bytea,
        "user_agent" bytea,
        CONSTRAINT "sessions_delivery_check" CHECK ("delivery" IN ('BODY', 'COOKIE')),
        CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "sessions_user_id_created_at_idx" ON "sessions" ("user_id", "created_at")`);
    await runner.query(`CREATE INDEX "sessions_expires_at_idx" ON "sessions" ("expires_at")`);
    await runner.query(`
      CREATE TABLE "one_time_tokens" (
        "id" uuid NOT NULL CONSTRAINT "one_time_tokens_pkey" PRIMARY KEY,
        "user_id" uuid NOT NULL,
        "purpose" text NOT NULL,
        "hash" bytea NOT NULL,
        "payload" bytea,
        "mail_token_version" integer NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "expires_at" timestamptz(3) NOT NULL,
        "used_at" timestamptz(3),
        CONSTRAINT "one_time_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(
      `CREATE INDEX "one_time_tokens_user_id_purpose_idx" ON "one_time_tokens" ("user_id", "purpose")`,
    );
    await runner.query(`CREATE INDEX "one_time_tokens_expires_at_idx" ON "one_time_tokens" ("expires_at")`);
    await runner.query(`
      CREATE TABLE "address_jobs" (
        "id" uuid NOT NULL CONSTRAINT "address_jobs_pkey" PRIMARY KEY,
        "payload" bytea NOT NULL,
        "day_key_id" uuid NOT NULL,
        "attempts" integer NOT NULL DEFAULT 0,
        "next_attempt_at" timestamptz(3) NOT NULL,
        "created_at" timestamptz(3) NOT NULL
      )`);
    await runner.query(`CREATE INDEX "address_jobs_next_attempt_at_idx" ON "address_jobs" ("next_attempt_at")`);
    await runner.query(`
      CREATE TABLE "signing_keys" (
        "id" text NOT NULL CONSTRAINT "signing_keys_pkey" PRIMARY KEY,
        "algorithm" text NOT NULL,
        "public_key" jsonb NOT NULL,
        "private_key" bytea NOT NULL,
        "system_key_id" text NOT NULL,
        "state" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "current_at" timestamptz(3),
        "retired_at" timestamptz(3),
        CONSTRAINT "signing_keys_state_check" CHECK ("state" IN ('NEXT', 'CURRENT', 'RETIRED'))
      )`);
    // Two nodes that start on a new database at once must not both sign with a key of their own.
    await runner.query(
      `CREATE UNIQUE INDEX "signing_keys_current_key" ON "signing_keys" ("state") WHERE "state" = 'CURRENT'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'signing_keys',
      'address_jobs',
      'one_time_tokens',
      'sessions',
      'user_roles',
      'roles',
      'profiles',
      'data_keys',
      'email_indexes',
      'users',
    ]) {
      await runner.query(`DROP TABLE "${table}"`);
    }
  }
}
