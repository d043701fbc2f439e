import type { EntityManager } from 'typeorm';
import { AuditKeyEntity } from './audit-key.entity.ts';
import type { CanonicalEvent } from './canonical-event.ts';

/** An event as MAC and leaf see it. */
export type SealedEvent = CanonicalEvent & { readonly mac: Buffer };

/** What stands in the queue. `event` is undefined where somebody deleted it; `position` is set where a seal covers it already. */
export interface QueuedEvent {
  readonly id: string;
  readonly position: number | null;
  readonly event: SealedEvent | undefined;
}

export interface StoredSeal {
  readonly id: number;
  readonly previous: Buffer;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly root: Buffer;
  readonly head: string;
  readonly auditKeyId: string;
  readonly node: string;
  readonly sealedAt: Date;
}

/** The columns of an event but its sealed bytes, which no seal covers: their commitments stand for them. */
export const EVENT_COLUMNS = `e.id, e.format, e.at, e.type, e.outcome, e.actor_kind AS "actorKind", e.actor_id AS "actorId",
  e.subject_id AS "subjectId", e.operation_name AS "operationName", e.request_id AS "requestId", e.node, e.details,
  e.origin_key_kind AS "originKeyKind", e.origin_key_id AS "originKeyId", e.origin_commitment AS "originCommitment",
  e.subject_key_kind AS "subjectKeyKind", e.subject_key_id AS "subjectKeyId", e.subject_commitment AS "subjectCommitment",
  e.audit_key_id AS "auditKeyId", e.mac`;

/**
 * The event of one id, to be joined. LIMIT keeps it a look-up by the primary key for each row: the queue is nearly always empty and
 * its statistics are stale, so PostgreSQL would rather read the whole trail through, every second and for every page.
 */
export const EVENT_OF = (id: string) =>
  `LATERAL (SELECT ${EVENT_COLUMNS} FROM audit_events e WHERE e.id = ${id} LIMIT 1)`;

export const SEAL_COLUMNS = `id::float8 AS id, previous, first_position::float8 AS "firstPosition",
  last_position::float8 AS "lastPosition", root, head, audit_key_id AS "auditKeyId", node, sealed_at AS "sealedAt"`;

export const findAuditKeys = (manager: EntityManager): Promise<AuditKeyEntity[]> =>
  manager.getRepository(AuditKeyEntity).find();

/** Puts a key in place; false where another node was first. */
export async function insertAuditKey(tx: EntityManager, key: AuditKeyEntity): Promise<boolean> {
  const rows: unknown[] = await tx.query(
    `INSERT INTO audit_keys (id, previous, public_key, introduction, introduced_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING RETURNING id`,
    [key.id, key.previous, key.publicKey, key.introduction, key.introducedAt],
  );
  return rows.length > 0;
}

export async function findNewestSeal(manager: EntityManager): Promise<StoredSeal | undefined> {
  const rows: StoredSeal[] = await manager.query(
    `SELECT ${SEAL_COLUMNS} FROM audit_seals ORDER BY audit_seals.id DESC LIMIT 1`,
  );
  return rows[0];
}

export async function findSeal(manager: EntityManager, id: number): Promise<StoredSeal | undefined> {
  const rows: StoredSeal[] = await manager.query(`SELECT ${SEAL_COLUMNS} FROM audit_seals WHERE id = $1`, [id]);
  return rows[0];
}

/** The seal that covers an event. */
export async function findSealOf(manager: EntityManager, eventId: string): Promise<StoredSeal | undefined> {
  const rows: StoredSeal[] = await manager.query(
    `SELECT ${SEAL_COLUMNS} FROM audit_seals WHERE id = (SELECT seal_id FROM audit_positions WHERE event_id = $1)`,
    [eventId],
  );
  return rows[0];
}

type QueueRow = SealedEvent & { readonly eventId: string; readonly position: number | null };

/** What waits to be sealed, in order of id, after the id `after`, but for the ids to be passed over. */
export async function findUnsealed(
  manager: EntityManager,
  {
    after,
    passOver,
    limit,
  }: { readonly after?: string | undefined; readonly passOver: readonly string[]; readonly limit: number },
): Promise<QueuedEvent[]> {
  const rows: QueueRow[] = await manager.query(
    `SELECT queued."eventId", p.position::float8 AS position, event.*
     FROM (
       SELECT u.event_id AS "eventId" FROM audit_unsealed u
       WHERE u.event_id <> ALL ($1::uuid[]) AND ($3::uuid IS NULL OR u.event_id > $3)
       ORDER BY u.event_id LIMIT $2
     ) queued
     LEFT JOIN ${EVENT_OF('queued."eventId"')} event ON true
     LEFT JOIN LATERAL (SELECT position FROM audit_positions WHERE event_id = queued."eventId" LIMIT 1) p ON true
     ORDER BY queued."eventId"`,
    [passOver, limit, after],
  );
  return rows.map((row) => ({ id: row.eventId, position: row.position, event: row.id === null ? undefined : row }));
}

export async function insertSeal(tx: EntityManager, seal: StoredSeal): Promise<void> {
  await tx.query(
    `INSERT INTO audit_seals (id, previous, first_position, last_position, root, head, audit_key_id, node, sealed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      seal.id,
      seal.previous,
      seal.firstPosition,
      seal.lastPosition,
      seal.root,
      seal.head,
      seal.auditKeyId,
      seal.node,
      seal.sealedAt,
    ],
  );
}

/** Gives events their positions, from `first` on, in the order of the list. */
export async function insertPositions(
  tx: EntityManager,
  { seal, first, events }: { seal: number; first: number; events: readonly { id: string; leaf: Buffer }[] },
): Promise<void> {
  await tx.query(
    `INSERT INTO audit_positions (position, event_id, seal_id, leaf)
     SELECT $1::bigint + place - 1, event_id, $2::bigint, leaf
     FROM unnest($3::uuid[], $4::bytea[]) WITH ORDINALITY AS sealed (event_id, leaf, place)`,
    [first, seal, events.map(({ id }) => id), events.map(({ leaf }) => leaf)],
  );
}

export async function deleteFromQueue(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM audit_unsealed WHERE event_id = ANY ($1::uuid[])', [ids]);
}

/** The signed tombstone of a dropped batch. */
export async function findTombstone(manager: EntityManager, sealId: number): Promise<string | undefined> {
  const rows: { tombstone: string }[] = await manager.query(
    'SELECT tombstone FROM audit_tombstones WHERE seal_id = $1',
    [sealId],
  );
  return rows[0]?.tombstone;
}
