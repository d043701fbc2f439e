import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Browsers and apps that have logged in before, so that guessing by others does not lock their owner out. */
export class Devices1764000000002 implements MigrationInterface {
  name = 'Devices1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "devices" (
        "id" uuid NOT NULL CONSTRAINT "devices_pkey" PRIMARY KEY,
        "user_id" uuid NOT NULL,
        "failures" integer NOT NULL DEFAULT 0,
        "failures_since" timestamptz(3),
        "created_at" timestamptz(3) NOT NULL,
        "expires_at" timestamptz(3) NOT NULL,
        "ended_at" timestamptz(3),
        CONSTRAINT "devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "devices_user_id_created_at_idx" ON "devices" ("user_id", "created_at")`);
    await runner.query(`CREATE INDEX "devices_expires_at_idx" ON "devices" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "devices"');
  }
}
