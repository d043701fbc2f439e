import { describe, expect, test } from '@jest/globals';
import { trustKeys } from '../../../src/audit/audit-key-chain.ts';
import { canonicalBytes } from '../../../src/audit/canonical-event.ts';
import { eventMac } from '../../../src/audit/event-mac.ts';
import { BEFORE_FIRST_HEAD, type Head, hashHead, signHead } from '../../../src/audit/head.ts';
import { leafHash, merkleRoot } from '../../../src/audit/merkle.ts';
import type { SealedEvent, StoredSeal } from '../../../src/audit/seals.repository.ts';
import type { PositionedEvent } from '../../../src/audit/verification.repository.ts';
import { type ChainEnd, TrailBroken, verifyBatch } from '../../../src/audit/verify-batch.ts';
import { auditSigner } from '../../../src/crypto/audit-keys.ts';
import { FULL_EVENT } from '../../support/audit-events.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = keyringOf();
const signer = auditSigner(keyring, 'a1');
const publicKey = Buffer.from(signer.publicJwk.x, 'base64url');
const introduced = { id: 'a1', previous: '', publicKey, introduction: '', introducedAt: new Date(0) };
const keys = trustKeys([introduced], keyring.auditRoot);

const idOf = (number: number) => `019364a1-7c3a-7000-8000-00000000000${number}`;
const eventOf = (number: number, changed: object = {}): SealedEvent => {
  const event = { ...FULL_EVENT, id: idOf(number), ...changed };
  return { ...event, mac: eventMac(keyring, event) };
};
const leafOf = (event: SealedEvent) => leafHash(canonicalBytes(event));

interface Batch {
  readonly seal: StoredSeal;
  readonly rows: readonly PositionedEvent[];
}

/** Batch 2, of three events, with what is told of it: after a batch of one. */
function batchOf(
  said: Partial<Head> = {},
  stored: Partial<StoredSeal> = {},
  events = [1, 2, 3].map((n) => eventOf(n)),
): Batch {
  const rows = events.map((event, at) => ({ position: 2 + at, sealId: 2, id: event.id, leaf: leafOf(event), event }));
  const head: Head = {
    seal: 2,
    previous: BEFORE_FIRST_HEAD.toString('base64url'),
    firstPosition: 2,
    lastPosition: 4,
    firstEvent: idOf(1),
    lastEvent: idOf(3),
    root: merkleRoot(rows.map(({ leaf }) => leaf)).toString('base64url'),
    sealedAt: '2026-11-24T07:02:51.000Z',
    node: 'node-1',
    ...said,
  };
  const seal: StoredSeal = {
    id: head.seal,
    previous: Buffer.from(head.previous, 'base64url'),
    firstPosition: head.firstPosition,
    lastPosition: head.lastPosition,
    root: Buffer.from(head.root, 'base64url'),
    head: signHead(signer, head),
    auditKeyId: 'a1',
    node: head.node,
    sealedAt: new Date(head.sealedAt),
    ...stored,
  };
  return { seal, rows };
}
const BEFORE: ChainEnd = { seal: 1, lastPosition: 1, hash: BEFORE_FIRST_HEAD };

/** Where the next batch must follow, or what is wrong with which event. */
async function judge({ seal, rows }: Batch, before = BEFORE, as = keyring) {
  const left = [...rows];
  const positions = { peek: async () => left[0], take: async () => void left.shift() };
  try {
    return await verifyBatch(seal, before, { keyring: as, keys, positions });
  } catch (error) {
    if (error instanceof TrailBroken) return `${error.fault} ${error.eventId}`;
    throw error;
  }
}
/** The batch with the row at a place changed. */
const withRow = (at: number, changed: Partial<PositionedEvent>, batch = batchOf()): Batch => ({
  ...batch,
  rows: batch.rows.map((row, place) => (place === at ? { ...row, ...changed } : row)),
});

test('a batch as it was sealed says where the next one must follow', async () => {
  const batch = batchOf();
  expect(await judge(batch)).toEqual({ seal: 2, lastPosition: 4, hash: hashHead(batch.seal.head) });
});

describe('the row of a seal is not what its head says', () => {
  test.each<[string, Partial<StoredSeal>]>([
    ['previous', { previous: Buffer.alloc(32, 7) }],
    ['firstPosition', { firstPosition: 3 }],
    ['lastPosition', { lastPosition: 3 }],
    ['root', { root: Buffer.alloc(32, 7) }],
    ['sealedAt', { sealedAt: new Date('2026-11-24T07:02:51.001Z') }],
    ['node', { node: 'node-2' }],
    ['head', { head: batchOf({ root: BEFORE_FIRST_HEAD.toString('base64url') }).seal.head }],
    [
      'head’s signature',
      { head: signHead({ ...signer, privateKey: auditSigner(keyringOf('x'), 'a1').privateKey }, { seal: 2 } as Head) },
    ],
  ])('where its %s was changed', async (_, changed) => {
    // Whatever the chain before is said to be, so that it is the head that does not agree.
    for (const hash of [BEFORE_FIRST_HEAD, Buffer.alloc(32, 7)])
      for (const lastPosition of [1, 2])
        expect(await judge(batchOf({}, changed), { seal: 1, lastPosition, hash })).toBe(`SEAL ${idOf(1)}`);
  });

  test('where it has another number', async () => {
    expect(await judge(batchOf({}, { id: 3 }), { ...BEFORE, seal: 2 })).toBe(`SEAL ${idOf(1)}`);
  });
});

describe('a batch does not follow on the one before', () => {
  test.each<[string, Partial<Head>]>([
    ['number leaves one out', { seal: 3 }],
    ['number is that of the one before', { seal: 1 }],
    ['positions leave one out', { firstPosition: 3 }],
    ['positions begin in the one before', { firstPosition: 1 }],
    ['head names another', { previous: Buffer.alloc(32, 7).toString('base64url') }],
  ])('where its %s, though a trusted key signed it', async (_, said) => {
    expect(await judge(batchOf(said))).toBe(`SEAL ${idOf(1)}`);
  });
});

describe('the events of a batch are not those that were sealed', () => {
  test.each([0, 1, 2])('where the one at place %i has another value', async (at) => {
    const changed: SealedEvent = { ...eventOf(at + 1), outcome: 'DENIED' };
    expect(await judge(withRow(at, { event: changed }))).toBe(`CHANGED ${idOf(at + 1)}`);
    // Also with its leaf made anew, and by whoever the keyring lacks the key of.
    expect(await judge(withRow(at, { event: changed, leaf: leafOf(changed) }))).toBe(`CHANGED ${idOf(at + 1)}`);
    const without = rotated('audit', 'a2', { keepsOld: false });
    expect(await judge(withRow(at, { event: changed }), BEFORE, without)).toBe(`CHANGED ${idOf(at + 1)}`);
    expect(await judge(batchOf(), BEFORE, without)).toMatchObject({ seal: 2 });
  });

  test.each([0, 1, 2])('where the one at place %i was deleted, with its position or without', async (at) => {
    expect(await judge(withRow(at, { event: undefined }))).toBe(`MISSING ${idOf(at + 1)}`);
    const { seal, rows } = batchOf();
    // In between no head has its name: that of the next is told.
    const named = [1, 3, 3][at] ?? 0;
    expect(await judge({ seal, rows: rows.filter((_, place) => place !== at) })).toBe(`MISSING ${idOf(named)}`);
  });

  test.each([0, 1, 2])('where another event that a server wrote stands at place %i', async (at) => {
    const other = eventOf(9);
    const planted = { id: other.id, event: other };
    expect(await judge(withRow(at, planted))).toBe(`OUT_OF_PLACE ${idOf(9)}`);
    const named = at === 0 ? 9 : 1;
    expect(await judge(withRow(at, { ...planted, leaf: leafOf(other) }))).toBe(`OUT_OF_PLACE ${idOf(named)}`);
  });

  test('where two of them stand in each other’s place', async () => {
    const { seal, rows } = batchOf();
    const [first, second, third] = rows;
    const swapped = [first, third, second].flatMap((row, at) => (row ? [{ ...row, position: 2 + at }] : []));
    expect(await judge({ seal, rows: swapped })).toBe(`OUT_OF_PLACE ${idOf(1)}`);
  });

  test.each([0, 1, 2])('where the one at place %i is said to be another batch’s, or has another leaf', async (at) => {
    expect(await judge(withRow(at, { sealId: 1 }))).toBe(`OUT_OF_PLACE ${idOf(at + 1)}`);
    expect(await judge(withRow(at, { leaf: Buffer.alloc(32, 7) }))).toBe(`OUT_OF_PLACE ${idOf(at + 1)}`);
  });

  test('where nothing is left of them', async () => {
    expect(await judge({ ...batchOf(), rows: [] })).toBe(`MISSING ${idOf(1)}`);
  });
});
