import type { EntityManager } from 'typeorm';
import { EVENT_COLUMNS, EVENT_OF, SEAL_COLUMNS, type SealedEvent, type StoredSeal } from './seals.repository.ts';

/** A position with the event that stands there now; `event` is undefined where it was deleted. */
export interface PositionedEvent {
  readonly position: number;
  readonly sealId: number;
  readonly id: string;
  readonly leaf: Buffer;
  readonly event: SealedEvent | undefined;
}

const PAGE = 2_000;
const STRAY_PAGE = 20_000;

/** Seals in their order, `from` … `to`, a page at a time. */
export async function* streamSeals(manager: EntityManager, from: number, to: number): AsyncGenerator<StoredSeal> {
  for (let after = from - 1; ; ) {
    const rows: StoredSeal[] = await manager.query(
      `SELECT ${SEAL_COLUMNS} FROM audit_seals WHERE id > $1 AND id <= $2 ORDER BY audit_seals.id LIMIT $3`,
      [after, to, PAGE],
    );
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.id ?? to;
  }
}

type PositionRow = SealedEvent & {
  readonly position: number;
  readonly sealId: number;
  readonly eventId: string;
  readonly leaf: Buffer;
};

/** Positions in their order, `from` … `to`, each with its event, a page at a time. */
export async function* streamPositions(
  manager: EntityManager,
  from: number,
  to: number,
): AsyncGenerator<PositionedEvent> {
  for (let after = from - 1; ; ) {
    const rows: PositionRow[] = await manager.query(
      `SELECT p.position::float8 AS position, p.seal_id::float8 AS "sealId", p.event_id AS "eventId", p.leaf, event.*
       FROM (SELECT * FROM audit_positions WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3) p
       LEFT JOIN ${EVENT_OF('p.event_id')} event ON true ORDER BY p.position`,
      [after, to, PAGE],
    );
    for (const { position, sealId, eventId, leaf, ...event } of rows) {
      yield { position, sealId, id: eventId, leaf, event: event.id === null ? undefined : event };
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.position ?? to;
  }
}

/** The first event that has a position beyond the last seal: no sealer put it there. */
export async function findBeyondChain(manager: EntityManager): Promise<string | undefined> {
  const rows: { id: string }[] = await manager.query(
    `SELECT event_id AS id FROM audit_positions
     WHERE position > coalesce((SELECT last_position FROM audit_seals ORDER BY id DESC LIMIT 1), 0)
     ORDER BY position LIMIT 1`,
  );
  return rows[0]?.id;
}

/**
 * The first event that has neither a position nor a place in the queue: no server put it there, or somebody took it off. OFFSET 0 keeps
 * the look-ups by index: a join of each page would read all positions through. `pageDone` is told about how many were looked at.
 */
export async function findStray(
  manager: EntityManager,
  pageDone: (done: number) => Promise<void>,
): Promise<string | undefined> {
  for (let [after, done] = ['00000000-0000-0000-0000-000000000000', 0]; ; ) {
    const [page]: { last: string | null; stray: string | null }[] = await manager.query(
      `WITH page AS MATERIALIZED (SELECT id FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2)
       SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last,
              (SELECT id FROM page WHERE NOT EXISTS (SELECT FROM audit_positions p WHERE p.event_id = page.id OFFSET 0)
                 AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.event_id = page.id OFFSET 0) ORDER BY id LIMIT 1) AS stray`,
      [after, STRAY_PAGE],
    );
    if (page?.stray) return page.stray;
    if (!page?.last) return undefined;
    after = page.last;
    done += STRAY_PAGE;
    await pageDone(done);
  }
}

/** The oldest event of the queue that has waited since before `before`. */
export async function findOverdue(manager: EntityManager, before: Date): Promise<string | undefined> {
  const rows: { id: string }[] = await manager.query(
    `SELECT u.event_id AS id FROM audit_unsealed u JOIN audit_events e ON e.id = u.event_id
     WHERE e.at < $1 ORDER BY u.event_id LIMIT 1`,
    [before],
  );
  return rows[0]?.id;
}

/** The newest tombstone: what is left of the chain begins after it. */
export async function findNewestTombstone(
  manager: EntityManager,
): Promise<{ sealId: number; tombstone: string } | undefined> {
  const rows: { sealId: number; tombstone: string }[] = await manager.query(
    `SELECT t.seal_id::float8 AS "sealId", t.tombstone FROM audit_tombstones t
     WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.id = t.seal_id) ORDER BY t.seal_id DESC LIMIT 1`,
  );
  return rows[0];
}

/** The first seal made at or after `since`; undefined where there is none. */
export async function findSealSince(manager: EntityManager, since: Date): Promise<number | undefined> {
  const rows: { id: number | null }[] = await manager.query(
    'SELECT min(id)::float8 AS id FROM audit_seals WHERE sealed_at >= $1',
    [since],
  );
  return rows[0]?.id ?? undefined;
}

/** Events of these types, newest first. */
export async function findNewestOfTypes(
  manager: EntityManager,
  types: readonly string[],
  limit: number,
): Promise<SealedEvent[]> {
  // Each type by the index on (type, at, id): with all at once the newest would be looked for among events of every type. So they would
  // with an equality, where PostgreSQL takes any type for a common one: of a type that is rare, or was never seen, it would then
  // read the whole trail. Two bounds and this order leave it no other index.
  return manager.query(
    `SELECT newest.* FROM unnest($1::text[]) AS wanted (type) CROSS JOIN LATERAL (
       SELECT ${EVENT_COLUMNS} FROM audit_events e WHERE e.type BETWEEN wanted.type AND wanted.type
       ORDER BY e.type DESC, e.at DESC, e.id DESC LIMIT $2
     ) newest ORDER BY newest.at DESC, newest.id DESC LIMIT $2`,
    [types, limit],
  );
}

/** How many events the chain holds, by its seals. */
export async function countSealedEvents(manager: EntityManager): Promise<number> {
  const rows: { events: number }[] = await manager.query(
    `SELECT coalesce((SELECT last_position FROM audit_seals ORDER BY id DESC LIMIT 1)
       - (SELECT first_position FROM audit_seals ORDER BY id LIMIT 1) + 1, 0)::float8 AS events`,
  );
  return rows[0]?.events ?? 0;
}
