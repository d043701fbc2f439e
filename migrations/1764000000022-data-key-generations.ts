import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A person may have data keys from before a reseal: they open what stands in the audit trail, which nobody can seal again. */
export class DataKeyGenerations1764000000022 implements MigrationInterface {
  name = 'DataKeyGenerations1764000000022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "data_keys" ADD "retired_at" timestamptz(3)`);
    await runner.query(`DROP INDEX "data_keys_user_id_key"`);
    await runner.query(`CREATE INDEX "data_keys_user_id_idx" ON "data_keys" ("user_id")`);
    await runner.query(
      `CREATE UNIQUE INDEX "data_keys_user_id_current_key" ON "data_keys" ("user_id") WHERE "retired_at" IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM "data_keys" WHERE "retired_at" IS NOT NULL`);
    await runner.query(`DROP INDEX "data_keys_user_id_current_key"`);
    await runner.query(`DROP INDEX "data_keys_user_id_idx"`);
    await runner.query(`CREATE UNIQUE INDEX "data_keys_user_id_key" ON "data_keys" ("user_id")`);
    await runner.query(`ALTER TABLE "data_keys" DROP COLUMN "retired_at"`);
  }
}
