import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What lets a page of users be read from one range of one index, whatever filters chose it: each is what follows a filter in the
 * order of pages. For a filter by role, what orders and filters stands beside it in `user_roles`, kept there by triggers.
 */
export class PagesOfUsers1764000000010 implements MigrationInterface {
  name = 'PagesOfUsers1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX "users_created_at_id_idx" ON "users" ("created_at", "id")`);
    await runner.query(`CREATE INDEX "users_status_created_at_id_idx" ON "users" ("status", "created_at", "id")`);
    await runner.query(`
      ALTER TABLE "user_roles" ADD COLUMN "user_created_at" timestamptz(3), ADD COLUMN "user_status" text`);
    await runner.query(`
      UPDATE "user_roles" SET "user_created_at" = u."created_at", "user_status" = u."status"
      FROM "users" u WHERE u."id" = "user_id"`);
    await runner.query(`
      ALTER TABLE "user_roles" ALTER COLUMN "user_created_at" SET NOT NULL, ALTER COLUMN "user_status" SET NOT NULL`);
    // FOR SHARE: whoever changes the status at this moment is waited for, and whoever comes later finds the new row.
    await runner.query(`
      CREATE FUNCTION "user_roles_copy_user"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          SELECT "created_at", "status" INTO NEW."user_created_at", NEW."user_status"
            FROM "users" WHERE "id" = NEW."user_id" FOR SHARE;
          RETURN NEW;
        END
      $$`);
    await runner.query(`
      CREATE TRIGGER "user_roles_copy_user" BEFORE INSERT OR UPDATE OF "user_id" ON "user_roles"
      FOR EACH ROW EXECUTE FUNCTION "user_roles_copy_user"()`);
    await runner.query(`
      CREATE FUNCTION "users_copy_to_roles"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE "user_roles" SET "user_created_at" = NEW."created_at", "user_status" = NEW."status"
            WHERE "user_id" = NEW."id";
          RETURN NULL;
        END
      $$`);
    await runner.query(`
      CREATE TRIGGER "users_copy_to_roles" AFTER UPDATE OF "status", "created_at" ON "users" FOR EACH ROW
      WHEN (OLD."status" <> NEW."status" OR OLD."created_at" <> NEW."created_at")
      EXECUTE FUNCTION "users_copy_to_roles"()`);
    await runner.query(`
      CREATE INDEX "user_roles_role_id_created_at_idx" ON "user_roles" ("role_id", "user_created_at", "user_id")`);
    await runner.query(`
      CREATE INDEX "user_roles_role_id_status_created_at_idx"
      ON "user_roles" ("role_id", "user_status", "user_created_at", "user_id")`);
    await runner.query(`DROP INDEX "user_roles_role_id_idx"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX "user_roles_role_id_idx" ON "user_roles" ("role_id")`);
    await runner.query(`DROP INDEX "user_roles_role_id_status_created_at_idx"`);
    await runner.query(`DROP INDEX "user_roles_role_id_created_at_idx"`);
    await runner.query(`DROP TRIGGER "users_copy_to_roles" ON "users"`);
    await runner.query(`DROP FUNCTION "users_copy_to_roles"()`);
    await runner.query(`DROP TRIGGER "user_roles_copy_user" ON "user_roles"`);
    await runner.query(`DROP FUNCTION "user_roles_copy_user"()`);
    await runner.query(`ALTER TABLE "user_roles" DROP COLUMN "user_status", DROP COLUMN "user_created_at"`);
    await runner.query(`DROP INDEX "users_status_created_at_id_idx"`);
    await runner.query(`DROP INDEX "users_created_at_id_idx"`);
  }
}
