import type { EntityManager } from 'typeorm';
import { auditSigner } from '../crypto/audit-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Clock } from '../platform/clock.ts';
import type { TrustedAuditKeys } from './audit-key-chain.ts';
import { judgeEvent, type MacVerdict } from './event-mac.ts';
import { BEFORE_FIRST_HEAD, hashHead, signHead } from './head.ts';
import { leafHash, merkleRoot } from './merkle.ts';
import {
  deleteFromQueue,
  findNewestSeal,
  findUnsealed,
  insertPositions,
  insertSeal,
  type QueuedEvent,
} from './seals.repository.ts';

export interface SealBatchParts {
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly node: string;
}

/** An event of the queue that no seal may cover. GONE: it was deleted, and its place in the queue forgotten. */
export interface UnsealableEvent {
  readonly id: string;
  readonly fault: Exclude<MacVerdict, 'INTACT'> | 'GONE';
}

export interface BatchOutcome {
  /** How many events got their positions. */
  readonly sealed: number;
  readonly unsealable: readonly UnsealableEvent[];
  /** As many as were asked for stood in the queue: there may be more. */
  readonly isFull: boolean;
}

/**
 * Seals what stands in the queue, all of it in the caller's transaction. Only what has been committed is seen, and an event that
 * commits late is simply in a later batch. Right on any number of nodes at once: who is second fails on `audit_seals.previous`,
 * and nothing of its batch is left.
 */
export async function sealBatch(
  tx: EntityManager,
  { keyring, clock, node }: SealBatchParts,
  keys: TrustedAuditKeys,
  { passOver, limit }: { readonly passOver: readonly string[]; readonly limit: number },
): Promise<BatchOutcome> {
  const before = await findNewestSeal(tx);
  const queued = await findUnsealed(tx, { passOver, limit });
  const done = queued.filter(({ position }) => position !== null);
  const waiting = queued.filter(({ position }) => position === null).map((each) => judge(keyring, each));
  const events = waiting.filter((each) => 'leaf' in each);
  const unsealable = waiting.filter((each) => 'fault' in each);
  const [first, last] = [events[0], events.at(-1)];
  if (first && last) {
    const signer = auditSigner(keyring, keys.newestId ?? '');
    const seal = {
      id: (before?.id ?? 0) + 1,
      previous: before ? hashHead(before.head) : BEFORE_FIRST_HEAD,
      firstPosition: (before?.lastPosition ?? 0) + 1,
      lastPosition: (before?.lastPosition ?? 0) + events.length,
      root: merkleRoot(events.map(({ leaf }) => leaf)),
      node,
      sealedAt: clock.now(),
    };
    const head = signHead(signer, {
      seal: seal.id,
      previous: seal.previous.toString('base64url'),
      firstPosition: seal.firstPosition,
      lastPosition: seal.lastPosition,
      firstEvent: first.id,
      lastEvent: last.id,
      root: seal.root.toString('base64url'),
      sealedAt: seal.sealedAt.toISOString(),
      node,
    });
    // First of all writes: a second sealer waits here, and fails, before it has taken anything.
    await insertSeal(tx, { ...seal, head, auditKeyId: signer.id });
    await insertPositions(tx, { seal: seal.id, first: seal.firstPosition, events });
  }
  const leaving = [...events, ...done].map(({ id }) => id);
  if (leaving.length > 0) await deleteFromQueue(tx, leaving);
  return { sealed: events.length, unsealable, isFull: queued.length === limit };
}

function judge(keyring: Keyring, { id, event }: QueuedEvent): { id: string; leaf: Buffer } | UnsealableEvent {
  if (event === undefined) return { id, fault: 'GONE' };
  const judged = judgeEvent(keyring, event);
  return judged.verdict === 'INTACT' ? { id, leaf: leafHash(judged.bytes) } : { id, fault: judged.verdict };
}
