import type { EntityManager } from 'typeorm';
import type { AuditKeyEntity } from './audit-key.entity.ts';
import { canonicalJson } from './canonical-json.ts';
import { EVENT_TYPES, type EventSpec } from './event-types.ts';
import { makeProof, type ProvenBatch, toProvenBatch } from './proof.ts';
import { findAuditKeys, findNewestSeal, findSeal, type SealedEvent, type StoredSeal } from './seals.repository.ts';
import { findSealSince, type PositionedEvent, streamPositions, streamSeals } from './verification.repository.ts';

export const EXPORT_FORMATS = ['jsonl', 'cef'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an export is of: whole batches, up to the newest there is when it begins. */
export interface ExportRange {
  readonly firstSeal: number;
  readonly lastSeal: number;
  readonly events: number;
}

/** The batches sealed at `since` or later; undefined where there are none. */
export async function findExportRange(manager: EntityManager, since: Date): Promise<ExportRange | undefined> {
  const first = await findSeal(manager, (await findSealSince(manager, since)) ?? 0);
  const last = await findNewestSeal(manager);
  if (!first || !last) return undefined;
  return { firstSeal: first.id, lastSeal: last.id, events: last.lastPosition - first.firstPosition + 1 };
}

/** A batch with all of its events. */
export async function readBatch(manager: EntityManager, seal: StoredSeal): Promise<ProvenBatch> {
  const rows: PositionedEvent[] = [];
  for await (const row of streamPositions(manager, seal.firstPosition, seal.lastPosition)) rows.push(row);
  return toProvenBatch(seal, rows);
}

/**
 * The lines of an export: each event with its proof (`jsonl`), or for a SIEM (`cef`). Sealed values stay sealed. Streams. Throws an Error
 * at the first broken batch.
 */
export async function* exportLines(
  manager: EntityManager,
  format: ExportFormat,
  { firstSeal, lastSeal }: ExportRange,
): AsyncGenerator<string> {
  const keys: readonly AuditKeyEntity[] = await findAuditKeys(manager);
  for await (const seal of streamSeals(manager, firstSeal, lastSeal)) {
    const batch = await readBatch(manager, seal);
    for (const [index, event] of batch.events.entries()) {
      yield format === 'cef'
        ? toCef(event, batch.seal.firstPosition + index)
        : JSON.stringify(makeProof(batch, index, keys));
    }
  }
}

const SEVERITIES = { SUCCESS: 2, DENIED: 5, FAILED: 6 } as const;
const headerText = (text: string) => text.replaceAll(/[\\|]/g, '\\$&').replaceAll(/[\r\n]+/g, ' ');
const valueText = (text: string) => text.replaceAll(/[\\=]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');

/** One event in ArcSight's Common Event Format, version 0. */
export function toCef(event: SealedEvent, position: number): string {
  const spec = Object.entries<EventSpec>(EVENT_TYPES).find(([type]) => type === event.type)?.[1];
  const header = ['CEF:0', 'Gatehouse', 'Gatehouse', '1', event.type, spec?.says ?? event.type].map(headerText);
  const extension = Object.entries({
    rt: String(event.at.getTime()),
    externalId: event.id,
    outcome: event.outcome,
    suid: event.actorId,
    suser: event.actorKind,
    duid: event.subjectId,
    dvchost: event.node,
    cn1Label: 'position',
    cn1: String(position),
    ...labelled('cs1', 'requestId', event.requestId),
    ...labelled('cs2', 'operationName', event.operationName),
    ...labelled('cs3', 'details', canonicalJson(event.details)),
  }).flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}=${valueText(value)}`]));
  return `${header.join('|')}|${SEVERITIES[event.outcome]}|${extension.join(' ')}`;
}

const labelled = (field: string, label: string, value: string | null) =>
  value === null ? {} : { [`${field}Label`]: label, [field]: value };
