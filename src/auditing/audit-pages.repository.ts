import type { EntityManager } from 'typeorm';
import type { CommittedOrigin, CommittedSubject } from '../audit/commitment.ts';
import { EVENT_COLUMNS, type SealedEvent } from '../audit/seals.repository.ts';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import type { WrappedDayKey } from '../crypto/day-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { FoundRows, PageWindow } from '../platform/pages.ts';
import type { UserRecord } from '../users/user.record.ts';
import { toUserRecord, USER_COLUMNS, USER_JOINS, type UserRow } from '../users/users.repository.ts';

/** Which events a page is of. What is undefined chooses nothing away. */
export interface EventChoice {
  readonly types?: readonly string[] | undefined;
  readonly actorId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly after?: Date | undefined;
  readonly before?: Date | undefined;
}

/** An event with its sealed values, and when its batch was sealed. */
export type ListedEvent = SealedEvent & {
  readonly origin: Sealed<CommittedOrigin> | null;
  readonly subjectData: Sealed<CommittedSubject> | null;
  readonly sealedAt: Date | null;
};

type ListedRow = SealedEvent & {
  readonly originBytes: Buffer | null;
  readonly subjectBytes: Buffer | null;
  readonly sealedAt: Date | null;
};

/**
 * The ids of a page. A list of types alone is read type by type, each by the index on (type, at, id): for all of them at once
 * PostgreSQL would go through the events of every type. With an actor or a subject it goes through theirs.
 */
function pageSql(choice: EventChoice, { after }: Pick<PageWindow, 'after'>, comparison: '<' | '>=', limit: number) {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const where = (sql: (place: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(sql(`$${values.length}`));
  };
  const { types } = choice;
  const isOfTypesAlone = types !== undefined && choice.actorId === undefined && choice.subjectId === undefined;
  where((place) => `e.actor_id = ${place}`, choice.actorId);
  where((place) => `e.subject_id = ${place}`, choice.subjectId);
  where((place) => `e.at > ${place}`, choice.after);
  where((place) => `e.at < ${place}`, choice.before);
  if (after) {
    values.push(after.at, after.id);
    conditions.push(`(e.at, e.id) ${comparison} ($${values.length - 1}, $${values.length})`);
  }
  if (!isOfTypesAlone) where((place) => `e.type = ANY (${place})`, types);
  const order = comparison === '<' ? 'at DESC, id DESC' : 'at, id';
  const from = (more: string) =>
    `SELECT e.id, e.at FROM audit_events e WHERE ${[...conditions, more].filter(Boolean).join(' AND ') || 'true'}
     ORDER BY ${order.replaceAll(/(at|id)/g, 'e.$1')} LIMIT ${limit}`;
  if (!isOfTypesAlone) return { sql: from(''), values };
  values.push(types);
  const sql = `SELECT each.id, each.at FROM unnest($${values.length}::text[]) AS wanted (type)
    CROSS JOIN LATERAL (${from('e.type = wanted.type')}) each ORDER BY ${order} LIMIT ${limit}`;
  return { sql, values };
}

/** A page, newest first: one statement for its events, and a second for whether anything stands before it. */
export async function findEventPage(
  manager: EntityManager,
  choice: EventChoice,
  { first, after }: PageWindow,
): Promise<FoundRows<ListedEvent>> {
  const page = pageSql(choice, { after }, '<', first + 1);
  const rows: ListedRow[] = await manager.query(
    `WITH page AS MATERIALIZED (${page.sql})
     SELECT ${EVENT_COLUMNS}, e.origin AS "originBytes", e.subject_data AS "subjectBytes", s.sealed_at AS "sealedAt"
     FROM page JOIN audit_events e ON e.id = page.id
     LEFT JOIN audit_positions p ON p.event_id = page.id LEFT JOIN audit_seals s ON s.id = p.seal_id
     ORDER BY e.at DESC, e.id DESC`,
    page.values,
  );
  const hasPrevious = after !== undefined && (await hasRow(manager, choice, after));
  return { rows: rows.map(toListedEvent), hasPrevious };
}

async function hasRow(manager: EntityManager, choice: EventChoice, after: PageWindow['after']): Promise<boolean> {
  const { sql, values } = pageSql(choice, { after }, '>=', 1);
  const rows: unknown[] = await manager.query(sql, values);
  return rows.length > 0;
}

const toSealedValues = ({ originBytes, subjectBytes }: Pick<ListedRow, 'originBytes' | 'subjectBytes'>) => ({
  origin: originBytes && new Sealed<CommittedOrigin>(originBytes),
  subjectData: subjectBytes && new Sealed<CommittedSubject>(subjectBytes),
});

const toListedEvent = ({ originBytes, subjectBytes, ...event }: ListedRow): ListedEvent => ({
  ...event,
  ...toSealedValues({ originBytes, subjectBytes }),
});

/** The sealed values of an event, which no export shows. */
export async function findSealedValues(
  manager: EntityManager,
  id: string,
): Promise<Pick<ListedEvent, 'origin' | 'subjectData'>> {
  const [row]: Pick<ListedRow, 'originBytes' | 'subjectBytes'>[] = await manager.query(
    'SELECT origin AS "originBytes", subject_data AS "subjectBytes" FROM audit_events WHERE id = $1',
    [id],
  );
  return toSealedValues({ originBytes: row?.originBytes ?? null, subjectBytes: row?.subjectBytes ?? null });
}

/** The data keys of these ids, of whoever is not erased. */
export const findDataKeys = (manager: EntityManager, ids: readonly string[]): Promise<WrappedDataKey[]> =>
  manager.query(
    `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys WHERE id = ANY ($1::uuid[])`,
    [ids],
  );

/** The keys of days of these ids, as long as they live. */
export const findDayKeys = (manager: EntityManager, ids: readonly string[]): Promise<WrappedDayKey[]> =>
  manager.query(`SELECT id, wrapped, wrapping_key_id AS "wrappingKeyId" FROM day_keys WHERE id = ANY ($1::uuid[])`, [
    ids,
  ]);

export async function findUsersByIds(manager: EntityManager, ids: readonly string[]): Promise<UserRecord[]> {
  const rows: UserRow[] = await manager.query(
    `SELECT ${USER_COLUMNS} FROM users u ${USER_JOINS} WHERE u.id = ANY ($1::uuid[])`,
    [ids],
  );
  return rows.map(toUserRecord);
}
