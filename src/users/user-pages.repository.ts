import type { EntityManager } from 'typeorm';
import type { BlindIndex } from '../crypto/blind-index.ts';
import type { RoleId, UserId } from '../platform/ids.ts';
import type { FoundRows, PageWindow } from '../platform/pages.ts';
import type { UserStatus } from './user.entity.ts';
import type { UserRecord } from './user.record.ts';
import { toUserRecord, USER_COLUMNS, USER_JOINS, type UserRow } from './users.repository.ts';

/** Which users a page is of. What is undefined chooses nothing away. */
export interface UserChoice {
  readonly id?: UserId | undefined;
  readonly status?: UserStatus | undefined;
  readonly roleId?: RoleId | undefined;
  /** Made later than this, and earlier than that. */
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

/** Where a choice is read from: with a role, the copies beside it, which stand in an index in the order of pages (migration 10). */
const USERS = { table: 'users', id: 'id', at: 'created_at', status: 'status' };
const HOLDERS = { table: 'user_roles', id: 'user_id', at: 'user_created_at', status: 'user_status' };

function chosen(choice: UserChoice) {
  const { table, ...columns } = choice.roleId === undefined ? USERS : HOLDERS;
  const values: unknown[] = [];
  const conditions: string[] = [];
  /** A condition on `column`, unless there is nothing to compare it with. */
  const where = (column: string, operator: string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(`${column} ${operator} $${values.length}`);
  };
  where(columns.id, '=', choice.id);
  where('role_id', '=', choice.roleId);
  where(columns.status, '=', choice.status);
  where(columns.at, '>', choice.createdAfter);
  where(columns.at, '<', choice.createdBefore);
  /** The users of the choice whose position compares like this with that of `after`; both of its values are of one index range. */
  const from = (comparison: '<' | '>=', after: PageWindow['after']) => {
    const position =
      after && `(${columns.at}, ${columns.id}) ${comparison} ($${values.length + 1}, $${values.length + 2})`;
    const all = [...conditions, ...(position ? [position] : [])].join(' AND ') || 'true';
    return { sql: `FROM ${table} WHERE ${all}`, values: after ? [...values, after.at, after.id] : values };
  };
  return { columns, from };
}

/** The page, newest first: one statement for all of its users, and a second for whether anything stands before it. */
export async function findUserPage(
  manager: EntityManager,
  choice: UserChoice,
  { first, after }: PageWindow,
): Promise<FoundRows<UserRecord>> {
  const { columns, from } = chosen(choice);
  const below = from('<', after);
  const rows = await manager.query<UserRow[]>(
    `WITH page AS MATERIALIZED (
       SELECT ${columns.id} AS id ${below.sql}
       ORDER BY ${columns.at} DESC, ${columns.id} DESC LIMIT $${below.values.length + 1})
     SELECT ${USER_COLUMNS} FROM page JOIN users u ON u.id = page.id ${USER_JOINS}
     ORDER BY u.created_at DESC, u.id DESC`,
    [...below.values, first + 1],
  );
  return { rows: rows.map(toUserRecord), hasPrevious: after !== undefined && (await hasRow(manager, choice, after)) };
}

/** Ordered, where an EXISTS would do: it would take the table from its start, as if what it looks for were spread evenly. */
async function hasRow(manager: EntityManager, choice: UserChoice, after: PageWindow['after']): Promise<boolean> {
  const { columns, from } = chosen(choice);
  const { sql, values } = from('>=', after);
  const rows = await manager.query<unknown[]>(`SELECT 1 ${sql} ORDER BY ${columns.at}, ${columns.id} LIMIT 1`, values);
  return rows.length > 0;
}

/** Whose address has one of these indexes: one of each index key, of which an address may have only an older one. */
export async function findUserIdByIndexes(
  manager: EntityManager,
  indexes: readonly BlindIndex[],
): Promise<UserId | undefined> {
  const rows = await manager.query<{ id: UserId }[]>(
    `SELECT e.user_id AS id FROM unnest($1::text[], $2::bytea[]) AS known (key_version, index)
     JOIN email_indexes e ON e.key_version = known.key_version AND e.index = known.index LIMIT 1`,
    [indexes.map(({ keyVersion }) => keyVersion), indexes.map(({ index }) => index)],
  );
  return rows[0]?.id;
}
