import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which servers run, and which root keys each holds: no key takes over before all have it. */
export class Nodes1764000000021 implements MigrationInterface {
  name = 'Nodes1764000000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "nodes" (
        "id" uuid NOT NULL CONSTRAINT "nodes_pkey" PRIMARY KEY,
        "name" text NOT NULL,
        "keys" jsonb NOT NULL,
        "started_at" timestamptz(3) NOT NULL,
        "seen_at" timestamptz(3) NOT NULL
      )`);
    // Which peppers are in use is asked at each start.
    await runner.query(`CREATE INDEX "users_pepper_id_idx" ON "users" ("pepper_id")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "users_pepper_id_idx"');
    await runner.query('DROP TABLE "nodes"');
  }
}
