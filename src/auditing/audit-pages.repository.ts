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

/** The types that the events of one actor or subject have, each found by a step in the index instead of by going through them. */
const typesThatAre = (chosen: string) => `(
  WITH RECURSIVE step (type) AS (
    (SELECT e.type FROM audit_events e WHERE ${chosen} ORDER BY e.type LIMIT 1)
    UNION ALL
    SELECT (SELECT e.type FROM audit_events e WHERE ${chosen} AND e.type > step.type ORDER BY e.type LIMIT 1)
    FROM step WHERE step.type IS NOT NULL
  ) SELECT type FROM step)`;

/**
 * The ids of a page. They are read type by type, by the index on (type, at, id) or the one that has the actor or the subject
 * before these: for all types at once PostgreSQL would go through every event of the actor, or of all. Only an actor and a
 * subject together are left to its choice: it begins with whichever has fewer.
 */
function pageSql(choice: EventChoice, { after }: Pick<PageWindow, 'after'>, comparison: '<' | '>=', limit: number) {
  const { types, actorId, subjectId } = choice;
  const values: unknown[] = [];
  const place = (value: unknown) => `$${values.push(value)}`;
  const chosen: string[] = [];
  if (actorId !== undefined) chosen.push(`e.actor_id = ${place(actorId)}`);
  if (subjectId !== undefined) chosen.push(`e.subject_id = ${place(subjectId)}`);
  const conditions = [...chosen];
  if (choice.after) conditions.push(`e.at > ${place(choice.after)}`);
  if (choice.before) conditions.push(`e.at < ${place(choice.before)}`);
  if (after) conditions.push(`(e.at, e.id) ${comparison} (${place(after.at)}, ${place(after.id)})`);
  const order = comparison === '<' ? 'e.at DESC, e.id DESC' : 'e.at, e.id';
  const read = (more: readonly string[]) =>
    `SELECT e.id, e.at FROM audit_events e WHERE ${more.join(' AND ') || 'true'} ORDER BY ${order} LIMIT ${limit}`;
  if (chosen.length === 2 || (chosen.length === 0 && !types)) {
    return { sql: read(types ? [...conditions, `e.type = ANY (${place(types)})`] : conditions), values };
  }
  const wanted = types ? `unnest(${place(types)}::text[])` : typesThatAre(chosen.join());
  const sql = `SELECT e.id, e.at FROM ${wanted} AS wanted (type)
    CROSS JOIN LATERAL (${read([...conditions, 'e.type = wanted.type'])}) e ORDER BY ${order} LIMIT ${limit}`;
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
