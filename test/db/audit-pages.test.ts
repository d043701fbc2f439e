import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { findNewestOfTypes, findStray } from '../../src/audit/verification.repository.ts';
import { type EventChoice, findEventPage } from '../../src/auditing/audit-pages.repository.ts';
import type { PageWindow } from '../../src/platform/pages.ts';
import { until } from '../support/account-acts.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';

const EVENTS = 20_000;
const FIRST = 20;
/** More than a page of each type that there is, and far fewer than there are events. */
const FEW_ROWS = 600;

const BUSY = 'busy';
const RARE = 'rare';
/** A type that the busy one's events have nowhere but among their oldest. */
const OLD = 'password.changed';
/** A common type that the busy one has none of. */
const OTHERS = 'login.failed';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

let db: AuditDatabase;
beforeAll(async () => {
  db = await auditDatabase();
  // Every second event is the busy one's; the rare one has one in a thousand. All came after the ten that are old.
  await db.clone.asHostile(
    `INSERT INTO audit_events (id, format, at, type, outcome, actor_kind, actor_id, subject_id, node, details, audit_key_id, mac)
     SELECT gen_random_uuid(), 1, timestamptz '2026-01-01' + g * interval '1 s',
       CASE WHEN g <= 10 THEN '${OLD}' WHEN g % 6 = 3 THEN '${OTHERS}' WHEN g % 3 = 0 THEN 'access.denied' ELSE 'session.refreshed' END, 'SUCCESS', 'USER',
       CASE WHEN g % 1000 = 7 THEN '${RARE}' WHEN g % 2 = 0 THEN '${BUSY}' ELSE 'u' || g % 500 END,
       CASE WHEN g % 1000 = 8 THEN '${RARE}' WHEN g % 2 = 0 THEN '${BUSY}' END, 'n', jsonb_build_object('wide', repeat('x', 500)), 'a', ''
     FROM generate_series(1, ${EVENTS}) g`,
  );
  // Rows whose commit, or another of about the same time in another test's database, is not on disk yet do not count as visible
  // to all, and plans for them are other ones.
  await until('all events are visible to all', async () => {
    await db.clone.asHostile('CHECKPOINT');
    await db.clone.asHostile('VACUUM ANALYZE audit_events');
    const [table] = await db.database.query(
      `SELECT relpages AS pages, relallvisible AS visible FROM pg_class WHERE oid = 'audit_events'::regclass`,
    );
    return table.visible === table.pages;
  });
});
afterAll(() => db.close());

async function idsBySequence(choice: EventChoice, after?: PageWindow['after']): Promise<readonly string[]> {
  const { actorId = null, subjectId = null, types = null } = choice;
  const rows: { id: string }[] = await db.database.query(
    `SELECT id FROM audit_events WHERE ($1::text IS NULL OR actor_id = $1) AND ($2::text IS NULL OR subject_id = $2)
       AND ($3::text[] IS NULL OR type = ANY ($3)) AND ($4::timestamptz IS NULL OR at > $4)
       AND ($5::timestamptz IS NULL OR at < $5) AND ($6::timestamptz IS NULL OR (at, id) < ($6, $7::uuid))
     ORDER BY at DESC, id DESC LIMIT ${FIRST + 1}`,
    [actorId, subjectId, types, choice.after ?? null, choice.before ?? null, after?.at ?? null, after?.id ?? null],
  );
  return rows.map(({ id }) => id);
}

/** The most rows that one part of the statements went through, those it threw away among them. */
async function mostRows(read: (manager: EntityManager) => Promise<unknown>): Promise<number> {
  let most = 0;
  const look = (plan: Plan) => {
    most = Math.max(most, (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']);
    for (const part of plan.Plans ?? []) look(part);
  };
  const explaining = {
    query: async (sql: string, values: unknown[]) => {
      const [row] = await db.database.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, values);
      look(row['QUERY PLAN'][0].Plan);
      return [];
    },
  };
  await read(explaining as unknown as EntityManager);
  return most;
}

const mostRowsOfPage = (choice: EventChoice, after?: PageWindow['after']) =>
  mostRows((manager) => findEventPage(manager, choice, { first: FIRST, after }));

const noon = new Date('2026-01-01T03:00:00Z');

describe('a page of events', () => {
  test.each<[string, EventChoice]>([
    ['none', {}],
    ['a common type', { types: ['session.refreshed'] }],
    ['an old type', { types: [OLD] }],
    ['a type that nobody had', { types: ['user.erased'] }],
    ['the busy actor', { actorId: BUSY }],
    ['the busy actor, an old type', { actorId: BUSY, types: [OLD] }],
    ['the busy actor, types that they never had', { actorId: BUSY, types: ['user.erased', 'user.disabled'] }],
    ['the busy actor, a type that only others have', { actorId: BUSY, types: [OTHERS] }],
    ['the busy subject, types that only others have', { subjectId: BUSY, types: [OTHERS, 'user.erased'] }],
    ['the busy actor, an old type and a common one', { actorId: BUSY, types: [OLD, 'access.denied'] }],
    ['the rare actor', { actorId: RARE }],
    ['an actor that nobody is', { actorId: 'nobody' }],
    ['the busy subject', { subjectId: BUSY }],
    ['the busy subject, an old type', { subjectId: BUSY, types: [OLD] }],
    ['the rare subject', { subjectId: RARE }],
    ['the busy actor and the rare subject', { actorId: BUSY, subjectId: RARE }],
    ['the busy actor and a subject that nobody is', { actorId: BUSY, subjectId: 'nobody' }],
    ['a time after', { after: noon }],
    ['a time before', { before: noon }],
    ['the busy actor and a time before', { actorId: BUSY, before: noon }],
    ['an old type and a time after', { types: [OLD], after: noon }],
  ])('chosen by %s holds what fits, and costs no more than other pages do', async (_, choice) => {
    const page = await findEventPage(db.database.manager, choice, { first: FIRST, after: undefined });
    expect(page.rows.map(({ id }) => id)).toEqual(await idsBySequence(choice));
    expect(await mostRowsOfPage(choice)).toBeLessThan(FEW_ROWS);
    const middle = page.rows[FIRST / 2];
    if (!middle) return;
    const next = await findEventPage(db.database.manager, choice, { first: FIRST, after: middle });
    expect(next.rows.map(({ id }) => id)).toEqual(await idsBySequence(choice, middle));
    expect(next.hasPrevious).toBe(true);
    expect(await mostRowsOfPage(choice, middle)).toBeLessThan(FEW_ROWS);
  });
});

test('the newest events of a type that nobody had, which each start looks for, are not looked for in the whole trail', async () => {
  const types = ['user.erased', OLD];
  expect(await findNewestOfTypes(db.database.manager, types, 100)).toHaveLength(10);
  expect(await mostRows((manager) => findNewestOfTypes(manager, types, 100))).toBeLessThan(FEW_ROWS);
});

test('an event that no server wrote is found behind as many others as are looked up at once', async () => {
  const last = 'ffffffff-ffff-7fff-8fff-ffffffffffff';
  await db.clone.asHostile('INSERT INTO audit_unsealed SELECT id FROM audit_events');
  const find = async () => {
    const told: number[] = [];
    return [await findStray(db.database.manager, async (done) => void told.push(done)), told];
  };
  expect(await find()).toEqual([undefined, [EVENTS]]);
  await db.clone.asHostile(
    'INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object($1::text, $2::text))).* FROM audit_events e LIMIT 1',
    ['id', last],
  );
  expect(await find()).toEqual([last, [EVENTS]]);
});
