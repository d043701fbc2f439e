import { lengthPrefixed } from '../crypto/length-prefixed.ts';
import { canonicalJson } from './canonical-json.ts';
import type { KeyKind } from './day-key.entity.ts';
import type { ActorKind, AuditOutcome, StoredDetails } from './event-types.ts';

/** The canonical form that new events are written in. */
export const EVENT_FORMAT = 1;

/** What MAC and leaf cover of an event: all of its row but the sealed bytes, for which their commitments stand, and the MAC. */
export interface CanonicalEvent {
  readonly id: string;
  readonly format: number;
  readonly at: Date;
  readonly type: string;
  readonly outcome: AuditOutcome;
  readonly actorKind: ActorKind;
  readonly actorId: string | null;
  readonly subjectId: string | null;
  readonly operationName: string | null;
  readonly requestId: string | null;
  readonly node: string;
  readonly details: StoredDetails;
  readonly originKeyKind: KeyKind | null;
  readonly originKeyId: string | null;
  readonly originCommitment: Buffer | null;
  readonly subjectKeyKind: KeyKind | null;
  readonly subjectKeyId: string | null;
  readonly subjectCommitment: Buffer | null;
  readonly auditKeyId: string;
}

const ABSENT = Buffer.alloc(0);
const PRESENT = Buffer.of(1);

/** Null and the empty text must not be the same bytes: what is there begins with a byte of 1. */
function nullable(value: string | Buffer | null): string | Buffer {
  if (value === null) return ABSENT;
  return typeof value === 'string' ? `\u0001${value}` : Buffer.concat([PRESENT, value]);
}

/**
 * The bytes of an event, the same on every node and for ever: each field behind its length, in this order. Throws a TypeError for a
 * format that this version does not know.
 */
export function canonicalBytes(event: CanonicalEvent): Buffer {
  if (event.format !== EVENT_FORMAT) throw new TypeError('An audit event of an unknown format');
  return lengthPrefixed(
    `gatehouse-audit-event/${event.format}`,
    event.id,
    event.at.toISOString(),
    event.type,
    event.outcome,
    event.actorKind,
    nullable(event.actorId),
    nullable(event.subjectId),
    nullable(event.operationName),
    nullable(event.requestId),
    event.node,
    canonicalJson(event.details),
    nullable(event.originKeyKind),
    nullable(event.originKeyId),
    nullable(event.originCommitment),
    nullable(event.subjectKeyKind),
    nullable(event.subjectKeyId),
    nullable(event.subjectCommitment),
    event.auditKeyId,
  );
}
