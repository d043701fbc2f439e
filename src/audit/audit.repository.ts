import type { EntityManager } from 'typeorm';
import type { AuditEventEntity } from './audit-event.entity.ts';

/** Each column with its type in SQL, and how it leaves a row. One list, so that names and values cannot get out of step. */
const COLUMNS: readonly (readonly [column: string, type: string, value: (row: AuditEventEntity) => unknown])[] = [
  ['id', 'uuid', (row) => row.id],
  ['format', 'smallint', (row) => row.format],
  ['at', 'timestamptz', (row) => row.at.toISOString()],
  ['type', 'text', (row) => row.type],
  ['outcome', 'text', (row) => row.outcome],
  ['actor_kind', 'text', (row) => row.actorKind],
  ['actor_id', 'text', (row) => row.actorId],
  ['subject_id', 'text', (row) => row.subjectId],
  ['operation_name', 'text', (row) => row.operationName],
  ['request_id', 'text', (row) => row.requestId],
  ['node', 'text', (row) => row.node],
  ['details', 'jsonb', (row) => JSON.stringify(row.details)],
  ['origin', 'bytea', (row) => row.origin?.bytes ?? null],
  ['origin_key_kind', 'text', (row) => row.originKeyKind],
  ['origin_key_id', 'uuid', (row) => row.originKeyId],
  ['origin_commitment', 'bytea', (row) => row.originCommitment],
  ['subject_data', 'bytea', (row) => row.subjectData?.bytes ?? null],
  ['subject_key_kind', 'text', (row) => row.subjectKeyKind],
  ['subject_key_id', 'uuid', (row) => row.subjectKeyId],
  ['subject_commitment', 'bytea', (row) => row.subjectCommitment],
  ['audit_key_id', 'text', (row) => row.auditKeyId],
  ['mac', 'bytea', (row) => row.mac],
];

const NAMES = COLUMNS.map(([column]) => column).join(', ');

/** The events as rows, each column an array: the parameters from `$first` on. */
const rowsFrom = (first: number) =>
  `unnest(${COLUMNS.map(([, type], index) => `$${first + index}::${type}[]`).join(', ')}) AS row (${NAMES})`;
const parametersOf = (rows: readonly AuditEventEntity[]) => COLUMNS.map(([, , value]) => rows.map(value));

const INSERT = `
  WITH event AS (INSERT INTO audit_events (${NAMES}) SELECT ${NAMES} FROM ${rowsFrom(1)} RETURNING id)
  INSERT INTO audit_unsealed (event_id) SELECT id FROM event`;

/** Writes events and their rows in the sealer's queue: one statement, so that neither can be without the other. */
export async function insertEvents(manager: EntityManager, rows: readonly AuditEventEntity[]): Promise<void> {
  await manager.query(INSERT, parametersOf(rows));
}

/** A change that is one statement: common table expressions with `values`, of which `changed` has a row only where it was made. */
export interface OneStatementChange {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Makes a change and writes its event, both by one statement, or neither. Whether it was made. */
export async function changeAndInsertEvent(
  manager: EntityManager,
  { text, values }: OneStatementChange,
  row: AuditEventEntity,
): Promise<boolean> {
  const made = await manager.query<unknown[]>(
    `WITH ${text}, event AS (
       INSERT INTO audit_events (${NAMES}) SELECT ${NAMES} FROM ${rowsFrom(values.length + 1)}
       WHERE EXISTS (SELECT FROM changed) RETURNING id
     ), queued AS (INSERT INTO audit_unsealed (event_id) SELECT id FROM event)
     SELECT FROM changed`,
    [...values, ...parametersOf([row])],
  );
  return made.length === 1;
}
