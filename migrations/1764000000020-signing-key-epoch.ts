import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The number that tells every node, with the viewer's own read, that the signing keys are others than it knows. */
export class SigningKeyEpoch1764000000020 implements MigrationInterface {
  name = 'SigningKeyEpoch1764000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "signing_key_epoch" (
        "only" boolean NOT NULL DEFAULT true CONSTRAINT "signing_key_epoch_pkey" PRIMARY KEY,
        "epoch" integer NOT NULL,
        CONSTRAINT "signing_key_epoch_only_check" CHECK ("only")
      )`);
    await runner.query(`INSERT INTO "signing_key_epoch" ("epoch") VALUES (1)`);
    await runner.query(`ALTER TABLE "signing_keys" DROP CONSTRAINT "signing_keys_state_check"`);
    await runner.query(
      `ALTER TABLE "signing_keys" ADD CONSTRAINT "signing_keys_state_check" CHECK ("state" IN ('NEXT', 'CURRENT', 'RETIRED', 'REVOKED'))`,
    );
    await runner.query(
      `CREATE UNIQUE INDEX "signing_keys_next_key" ON "signing_keys" ("state") WHERE "state" = 'NEXT'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "signing_keys_next_key"`);
    await runner.query(`DELETE FROM "signing_keys" WHERE "state" = 'REVOKED'`);
    await runner.query(`ALTER TABLE "signing_keys" DROP CONSTRAINT "signing_keys_state_check"`);
    await runner.query(
      `ALTER TABLE "signing_keys" ADD CONSTRAINT "signing_keys_state_check" CHECK ("state" IN ('NEXT', 'CURRENT', 'RETIRED'))`,
    );
    await runner.query(`DROP TABLE "signing_key_epoch"`);
  }
}
