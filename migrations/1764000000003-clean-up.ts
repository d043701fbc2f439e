import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables that are cleaned up, each with what ends a row before its time. */
const ENDINGS = [
  ['sessions', 'revoked_at'],
  ['devices', 'ended_at'],
  ['one_time_tokens', 'used_at'],
] as const;

/** Rows are found by when they ended, whether by time or before it; the index by time alone was for nothing else. */
export class CleanUp1764000000003 implements MigrationInterface {
  name = 'CleanUp1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, ended] of ENDINGS) {
      // LEAST passes over null: a row without an end of its own ends by its time.
      await runner.query(`CREATE INDEX "${table}_ended_idx" ON "${table}" (LEAST("expires_at", "${ended}"))`);
      await runner.query(`DROP INDEX "${table}_expires_at_idx"`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table] of ENDINGS) {
      await runner.query(`CREATE INDEX "${table}_expires_at_idx" ON "${table}" ("expires_at")`);
      await runner.query(`DROP INDEX "${table}_ended_idx"`);
    }
  }
}
