import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list of who was erased, which a restored backup is held against. No foreign key: the restored users may lack them. */
export class Erasures1764000000040 implements MigrationInterface {
  name = 'Erasures1764000000040';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "erasures" (
        "user_id" uuid NOT NULL CONSTRAINT "erasures_pkey" PRIMARY KEY,
        "erased_at" timestamptz(3) NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "erasures"');
  }
}
