import type { AuditKeyEntity } from './audit-key.entity.ts';
import { canonicalBytes } from './canonical-event.ts';
import { inclusionPath, leafHash, merkleRoot } from './merkle.ts';
import type { SealedEvent, StoredSeal } from './seals.repository.ts';
import type { PositionedEvent } from './verification.repository.ts';

/**
 * What convinces somebody who has nothing but the fingerprint of the first audit key that an event stood in the trail.
 * docs/verify-audit-proof.mjs is all that it takes. Binary values are base64url.
 */
export interface AuditProof {
  readonly format: 'gatehouse-audit-proof/1';
  /** For people; what is proved are the bytes. */
  readonly event: object;
  /** The canonical bytes of the event: each field behind its length in four bytes. */
  readonly bytes: string;
  /** Which leaf of how many it is. */
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
  /** The signed head of its batch, a compact JWS. */
  readonly head: string;
  /** The audit keys from the first to the one that signed the head, each with the JWS that introduced it. */
  readonly keys: readonly { readonly publicKey: string; readonly introduction: string }[];
  /** What is personal in the event, where it was asked for. */
  readonly openings?: readonly Opening[];
}

/**
 * What the commitment to a personal field in the proved bytes was made of: SHA-256(salt ‖ value), the value as canonical JSON. `erased`
 * where the key that sealed both is gone.
 */
export type Opening = { readonly name: 'origin' | 'subject' } & (
  | { readonly salt: string; readonly value: string }
  | { readonly erased: true }
);

/** A batch as it is proved from: its seal, and all of its events. */
export interface ProvenBatch {
  readonly seal: StoredSeal;
  readonly events: readonly SealedEvent[];
  readonly leaves: readonly Buffer[];
}

/** Throws an Error where the events of the batch are not those that were sealed: what is broken cannot be proved. */
export function toProvenBatch(seal: StoredSeal, rows: readonly PositionedEvent[]): ProvenBatch {
  const events = rows.flatMap(({ event }) => (event ? [event] : []));
  const leaves = events.map((event) => leafHash(canonicalBytes(event)));
  if (events.length === 0 || events.length !== rows.length || !merkleRoot(leaves).equals(seal.root)) {
    throw new Error(`Batch ${seal.id} of the audit trail is broken: run gatehouse audit verify`);
  }
  return { seal, events, leaves };
}

/** The event without its sealed values, as an export shows it. */
export const showEvent = ({ mac: _mac, ...event }: SealedEvent, seal: StoredSeal, position: number): object => ({
  ...event,
  at: event.at.toISOString(),
  originCommitment: event.originCommitment?.toString('base64url') ?? null,
  subjectCommitment: event.subjectCommitment?.toString('base64url') ?? null,
  position,
  sealedAt: seal.sealedAt.toISOString(),
});

/** The proof of the event `index` of a batch. */
export function makeProof(
  { seal, events, leaves }: ProvenBatch,
  index: number,
  keys: readonly AuditKeyEntity[],
): AuditProof {
  const event = events[index];
  if (!event) throw new TypeError('The batch has no such event');
  return {
    format: 'gatehouse-audit-proof/1',
    event: showEvent(event, seal, seal.firstPosition + index),
    bytes: canonicalBytes(event).toString('base64url'),
    index,
    size: leaves.length,
    path: inclusionPath(leaves, index).map((hash) => hash.toString('base64url')),
    head: seal.head,
    keys: keysUpTo(keys, seal.auditKeyId).map(({ publicKey, introduction }) => ({
      publicKey: publicKey.toString('base64url'),
      introduction,
    })),
  };
}

/** From the first key on, in the order of their introduction. */
function keysUpTo(keys: readonly AuditKeyEntity[], id: string): readonly AuditKeyEntity[] {
  const key = keys.find((each) => each.id === id);
  if (!key) throw new Error(`The audit key "${id}" is not among the stored ones: run gatehouse audit verify`);
  return key.previous === '' ? [key] : [...keysUpTo(keys, key.previous), key];
}
