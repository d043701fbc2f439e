import type { EntityManager } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import { before, type Clock } from '../platform/clock.ts';
import { AuditKeysBroken, type TrustedAuditKeys, trustKeys } from './audit-key-chain.ts';
import { verifyMac } from './event-mac.ts';
import { BEFORE_FIRST_HEAD, hashHead, readHead } from './head.ts';
import { isHeadKnown } from './known-heads.ts';
import { findAuditKeys, findNewestSeal, findSeal, findUnsealed } from './seals.repository.ts';
import { readTombstone } from './tombstone.ts';
import {
  countSealedEvents,
  findBeyondChain,
  findNewestTombstone,
  findOverdue,
  findSealSince,
  findStray,
  streamPositions,
  streamSeals,
} from './verification.repository.ts';
import { type ChainEnd, type PositionReader, TrailBroken, verifyBatch } from './verify-batch.ts';

export type VerificationStep = 'VERIFIED' | 'FOUND';

export interface VerifyOptions {
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** Thumbprint of the first audit key. Default: the keyring's. */
  readonly root?: string | undefined;
  /** Heads that were kept elsewhere: the database must know each of them. */
  readonly heads: readonly string[];
  /** Leaves out batches sealed before. */
  readonly since?: Date | undefined;
  /**
   * Told after each few thousand events: first of those that are verified, then of those looked up in chain and queue. What it answers
   * is waited for, so that it can leave others room.
   */
  readonly progress?: (done: number, of: number, step: VerificationStep) => Promise<void> | void;
}

export interface Verification {
  /** Undefined where the trail is intact. */
  readonly broken: TrailBroken | undefined;
  /** The newest head; undefined where nothing was sealed. */
  readonly head: string | undefined;
  /** How many events the chain holds. */
  readonly sealedEvents: number;
}

/** How long an event may wait for its seal: the sealer comes by every second. */
export const OVERDUE_SECONDS = 60;
const PROGRESS_EVENTS = 2_000;
/** Retention comes by once in many minutes; whoever drops batches faster than they are verified is told as what they are. */
const ATTEMPTS = 3;

/**
 * Holds the whole trail against its MACs, its seals and the heads kept elsewhere, and stops at the first fault. It streams: its
 * memory does not grow with the trail. Servers may go on writing and sealing meanwhile, and retention dropping its oldest batches:
 * what then seems to be missing is looked for once more, behind the newer tombstone.
 */
export async function verifyTrail(manager: EntityManager, options: VerifyOptions): Promise<Verification> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await findNewestTombstone(manager);
    const found = await verifyOnce(manager, options);
    if (!found.broken || attempt === ATTEMPTS) return found;
    if ((await findNewestTombstone(manager))?.sealId === before?.sealId) return found;
  }
}

async function verifyOnce(manager: EntityManager, options: VerifyOptions): Promise<Verification> {
  const newest = await findNewestSeal(manager);
  const sealedEvents = await countSealedEvents(manager);
  try {
    const keys = trustKeys(await findAuditKeys(manager), options.root ?? options.keyring.auditRoot);
    await verifyChain(manager, options, keys, newest?.id ?? 0);
    await verifyRest(manager, options, sealedEvents);
    await verifyHeads(manager, options, keys);
    return { broken: undefined, head: newest?.head, sealedEvents };
  } catch (error) {
    if (error instanceof TrailBroken) return { broken: error, head: newest?.head, sealedEvents };
    if (!(error instanceof AuditKeysBroken)) throw error;
    return { broken: new TrailBroken('KEYS', undefined, error.message), head: newest?.head, sealedEvents };
  }
}

async function verifyChain(
  manager: EntityManager,
  { keyring, since, progress }: VerifyOptions,
  keys: TrustedAuditKeys,
  newestId: number,
): Promise<void> {
  let end = await findChainStart(manager, keys, since);
  const last = (await findSeal(manager, newestId))?.lastPosition ?? 0;
  const from = end.lastPosition;
  const positions = readAhead(streamPositions(manager, from + 1, last), (done) =>
    progress?.(done, last - from, 'VERIFIED'),
  );
  for await (const seal of streamSeals(manager, end.seal + 1, newestId)) {
    end = await verifyBatch(seal, end, { keyring, keys, positions });
  }
  if (end.seal === newestId) return;
  const next = await positions.peek();
  throw new TrailBroken('SEAL', next?.id, `batch ${end.seal + 1} is missing`);
}

/** The end of what is not looked at: nothing, what retention dropped, or what was sealed before `since`. */
async function findChainStart(
  manager: EntityManager,
  keys: TrustedAuditKeys,
  since: Date | undefined,
): Promise<ChainEnd> {
  const first = since && (await findSealSince(manager, since));
  const before = first === undefined ? undefined : await findSeal(manager, first - 1);
  if (before) return { seal: before.id, lastPosition: before.lastPosition, hash: hashHead(before.head) };
  const stored = await findNewestTombstone(manager);
  if (!stored) return { seal: 0, lastPosition: 0, hash: BEFORE_FIRST_HEAD };
  const said = readTombstone(stored.tombstone, keys);
  if (said?.seal === stored.sealId) {
    return { seal: said.seal, lastPosition: said.lastPosition, hash: Buffer.from(said.head, 'base64url') };
  }
  throw new TrailBroken('SEAL', undefined, `the tombstone of batch ${stored.sealId} is not signed by a trusted key`);
}

/** What no seal covers: planted positions, the queue, and events that stand in neither. */
async function verifyRest(
  manager: EntityManager,
  { keyring, clock, progress }: VerifyOptions,
  events: number,
): Promise<void> {
  const beyond = await findBeyondChain(manager);
  if (beyond) throw new TrailBroken('INSERTED', beyond, 'an event has a position beyond the last seal');
  const limit = PROGRESS_EVENTS;
  for (let after: string | undefined; ; ) {
    const queued = await findUnsealed(manager, { after, passOver: [], limit });
    for (const { id, event, position } of queued) {
      if (event === undefined) throw new TrailBroken('MISSING', id, 'an event that waited for its seal was deleted');
      if (position === null && verifyMac(keyring, event) !== 'INTACT') {
        throw new TrailBroken('CHANGED', id, 'an event that waits for its seal was changed, or planted there');
      }
    }
    if (queued.length < limit) break;
    after = queued.at(-1)?.id;
  }
  const stray = await findStray(manager, async (done) => progress?.(Math.min(done, events), events, 'FOUND'));
  if (stray) throw new TrailBroken('INSERTED', stray, 'an event stands neither in the chain nor in the queue');
  const overdue = await findOverdue(manager, before(clock.now(), OVERDUE_SECONDS));
  if (overdue) throw new TrailBroken('UNSEALED', overdue, 'an event has waited for its seal for over a minute');
}

/** Only what is kept elsewhere shows that the newest batches are gone. */
async function verifyHeads(
  manager: EntityManager,
  { heads, keyring }: VerifyOptions,
  keys: TrustedAuditKeys,
): Promise<void> {
  for (const text of heads) {
    if (await isHeadKnown(manager, keyring, keys, text)) continue;
    const head = readHead(text, keys);
    const what = head ? `batch ${head.seal}, whose head was kept` : 'a head that was kept, signed by no trusted key';
    throw new TrailBroken('ROLLED_BACK', head?.lastEvent, `the database lacks ${what}`);
  }
}

function readAhead(
  rows: ReturnType<typeof streamPositions>,
  progress: (done: number) => Promise<void> | void,
): PositionReader {
  let ahead: Awaited<ReturnType<typeof rows.next>> | undefined;
  let done = 0;
  return {
    peek: async () => {
      ahead ??= await rows.next();
      return ahead.done ? undefined : ahead.value;
    },
    take: async () => {
      ahead = undefined;
      done += 1;
      if (done % PROGRESS_EVENTS === 0) await progress(done);
    },
  };
}
