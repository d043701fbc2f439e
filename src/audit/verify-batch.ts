import type { Keyring } from '../crypto/keyring.ts';
import type { TrustedAuditKeys } from './audit-key-chain.ts';
import { judgeEvent } from './event-mac.ts';
import { type Head, hashHead, readHead } from './head.ts';
import { leafHash, merkleRoot } from './merkle.ts';
import type { StoredSeal } from './seals.repository.ts';
import type { TrailFault } from './trail-faults.ts';
import type { PositionedEvent } from './verification.repository.ts';

/** The trail is not what its servers wrote. `eventId` is the first event that is changed, missing or out of place, where one has a name. */
export class TrailBroken extends Error {
  override readonly name = 'TrailBroken';

  constructor(
    readonly fault: TrailFault,
    readonly eventId: string | undefined,
    detail: string,
  ) {
    super(detail);
  }
}

/** Where a batch must follow on. */
export interface ChainEnd {
  readonly seal: number;
  readonly lastPosition: number;
  /** SHA-256 of the head. */
  readonly hash: Buffer;
}

/** Positions with one of them to look ahead at. */
export interface PositionReader {
  /** The next row, which stays the next. */
  peek(): Promise<PositionedEvent | undefined>;
  take(): Promise<void>;
}

const readSealHead = (seal: StoredSeal, keys: TrustedAuditKeys): Head | undefined => {
  const head = readHead(seal.head, keys);
  const says =
    head?.seal === seal.id &&
    head.previous === seal.previous.toString('base64url') &&
    head.firstPosition === seal.firstPosition &&
    head.lastPosition === seal.lastPosition &&
    head.root === seal.root.toString('base64url') &&
    head.sealedAt === seal.sealedAt.toISOString() &&
    head.node === seal.node;
  return says ? head : undefined;
};

/** Checks one batch and its place in the chain. Where the next one must follow. Throws TrailBroken. */
export async function verifyBatch(
  seal: StoredSeal,
  before: ChainEnd,
  { keyring, keys, positions }: { keyring: Keyring; keys: TrustedAuditKeys; positions: PositionReader },
): Promise<ChainEnd> {
  const head = readSealHead(seal, keys);
  const follows =
    seal.id === before.seal + 1 && seal.firstPosition === before.lastPosition + 1 && seal.previous.equals(before.hash);
  if (!head || !follows) {
    const next = await positions.peek();
    const what = !head
      ? 'is not what its head says, or its head is not signed by a trusted key'
      : 'does not follow on the one before';
    throw new TrailBroken(
      'SEAL',
      head && follows ? head.firstEvent : (next?.id ?? head?.firstEvent),
      `batch ${seal.id} ${what}`,
    );
  }
  const leaves: Buffer[] = [];
  for (let position = seal.firstPosition; position <= seal.lastPosition; position += 1) {
    leaves.push(await verifyPosition(position, head, { keyring, positions }));
  }
  if (!merkleRoot(leaves).equals(seal.root)) {
    throw new TrailBroken(
      'OUT_OF_PLACE',
      head.firstEvent,
      `the events of batch ${seal.id} are not those that were sealed`,
    );
  }
  return { seal: seal.id, lastPosition: seal.lastPosition, hash: hashHead(seal.head) };
}

async function verifyPosition(
  position: number,
  head: Head,
  { keyring, positions }: { keyring: Keyring; positions: PositionReader },
): Promise<Buffer> {
  const row = await positions.peek();
  if (row?.position !== position) {
    const known = { [head.firstPosition]: head.firstEvent, [head.lastPosition]: head.lastEvent }[position];
    throw new TrailBroken('MISSING', known ?? row?.id, `nothing stands at position ${position}`);
  }
  await positions.take();
  const { id, event, leaf, sealId } = row;
  if (event === undefined) throw new TrailBroken('MISSING', id, `the event of position ${position} was deleted`);
  const judged = judgeEvent(keyring, event);
  const found = judged.verdict === 'BROKEN' ? undefined : leafHash(judged.bytes);
  if (found === undefined || (judged.verdict === 'KEY_MISSING' && !found.equals(leaf))) {
    throw new TrailBroken('CHANGED', id, `the event of position ${position} was changed`);
  }
  const isFirstWrong = position === head.firstPosition && id !== head.firstEvent;
  if (isFirstWrong || sealId !== head.seal || !found.equals(leaf)) {
    throw new TrailBroken(
      'OUT_OF_PLACE',
      id,
      `another event stands at position ${position} than the one that was sealed there`,
    );
  }
  return found;
}
