import type { EntityManager } from 'typeorm';
import type { NamedStatement } from '../platform/pipelined-clients.ts';
import { queryPrepared } from '../platform/prepared-statements.ts';
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

/**
 * The events as rows; their parameters are those from `$first` on. One event, as nearly always, is a plain row, which PostgreSQL
 * parses and plans in less; of more each column is an array.
 */
const rowsFrom = (first: number, count: number) => {
  const places = COLUMNS.map(([, type], index) => `$${first + index}::${type}`);
  return count === 1
    ? `(VALUES (${places.join(', ')})) AS row (${NAMES})`
    : `unnest(${places.map((place) => `${place}[]`).join(', ')}) AS row (${NAMES})`;
};
const parametersOf = (rows: readonly AuditEventEntity[]) => {
  const [only] = rows;
  return COLUMNS.map(([, , value]) => (only && rows.length === 1 ? value(only) : rows.map(value)));
};

const insertFrom = (count: number) => `
  WITH event AS (INSERT INTO audit_events (${NAMES}) SELECT ${NAMES} FROM ${rowsFrom(1, count)} RETURNING id)
  INSERT INTO audit_unsealed (event_id) SELECT id FROM event`;
const INSERT_ONE: NamedStatement = { name: 'insert-event', text: insertFrom(1) };
const INSERT_MANY: NamedStatement = { name: 'insert-events', text: insertFrom(2) };

/** Writes events and their rows in the sealer's queue: one statement, so that neither can be without the other. */
export async function insertEvents(manager: EntityManager, rows: readonly AuditEventEntity[]): Promise<void> {
  await queryPrepared(manager, rows.length === 1 ? INSERT_ONE : INSERT_MANY, parametersOf(rows));
}

/**
 * A change that is one statement: common table expressions with `values`, of which `changed` has one row, and that only where it
 * was made. The name belongs to this text alone.
 */
export interface OneStatementChange extends NamedStatement {
  readonly values: readonly unknown[];
}

/** The changes with an event in their statement, by their names: as few as there are places in the program that make one. */
const withEvent = new Map<string, NamedStatement>();

function addEvent({ name, text, values }: OneStatementChange): NamedStatement {
  const known = withEvent.get(name);
  if (known) return known;
  const statement = {
    name: `${name}-and-event`,
    text: `WITH ${text}, event AS (
       INSERT INTO audit_events (${NAMES}) SELECT ${NAMES} FROM ${rowsFrom(values.length + 1, 1)}
       WHERE EXISTS (SELECT FROM changed) RETURNING id
     ), queued AS (INSERT INTO audit_unsealed (event_id) SELECT id FROM event)
     SELECT * FROM changed`,
  };
  withEvent.set(name, statement);
  return statement;
}

/** Makes a change and writes its event, both by one statement, or neither. The row of `changed`; undefined where it was not made. */
export async function changeAndInsertEvent<Row extends object>(
  manager: EntityManager,
  change: OneStatementChange,
  row: AuditEventEntity,
): Promise<Row | undefined> {
  const [made] = await queryPrepared<Row>(manager, addEvent(change), [...change.values, ...parametersOf([row])]);
  return made;
}
