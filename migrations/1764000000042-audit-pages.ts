import type { MigrationInterface, QueryRunner } from 'typeorm';

const PEOPLE = ['actor_id', 'subject_id'];

/** Finds the events of one actor or subject type by type, so that a rare type of a busy one costs no more than any other page. */
export class AuditPages1764000000042 implements MigrationInterface {
  name = 'AuditPages1764000000042';

  async up(runner: QueryRunner): Promise<void> {
    for (const column of PEOPLE) {
      await runner.query(
        `CREATE INDEX "audit_events_${column}_type_at_id_idx" ON "audit_events" ("${column}", "type", "at", "id") WHERE ${column} IS NOT NULL`,
      );
      await runner.query(`DROP INDEX "audit_events_${column}_at_id_idx"`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const column of PEOPLE) {
      await runner.query(
        `CREATE INDEX "audit_events_${column}_at_id_idx" ON "audit_events" ("${column}", "at", "id") WHERE ${column} IS NOT NULL`,
      );
      await runner.query(`DROP INDEX "audit_events_${column}_type_at_id_idx"`);
    }
  }
}
