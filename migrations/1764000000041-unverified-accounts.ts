import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the accounts that nobody has verified, oldest first; of the others it holds no row. */
export class UnverifiedAccounts1764000000041 implements MigrationInterface {
  name = 'UnverifiedAccounts1764000000041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "users_unverified_idx" ON "users" ("created_at") WHERE status = 'PENDING' AND origin = 'REGISTRATION'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "users_unverified_idx"`);
  }
}
