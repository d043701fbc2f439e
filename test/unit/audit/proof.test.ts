import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../src/audit/canonical-event.ts';
import { toCef } from '../../../src/audit/export-lines.ts';
import { inclusionPath, leafHash, merkleRoot } from '../../../src/audit/merkle.ts';
import { makeProof, toProvenBatch } from '../../../src/audit/proof.ts';
import type { SealedEvent, StoredSeal } from '../../../src/audit/seals.repository.ts';
import { FULL_EVENT } from '../../support/audit-events.ts';

const MAC = Buffer.alloc(32, 9);
const eventOf = (number: number): SealedEvent => ({
  ...FULL_EVENT,
  id: `019364a1-7c3a-7000-8000-00000000000${number}`,
  mac: MAC,
});
const EVENTS = [1, 2, 3].map(eventOf);
const leaves = EVENTS.map((event) => leafHash(canonicalBytes(event)));
const SEAL: StoredSeal = {
  id: 4,
  previous: Buffer.alloc(32),
  firstPosition: 11,
  lastPosition: 13,
  root: merkleRoot(leaves),
  head: 'the.head.jws',
  auditKeyId: 'a2',
  node: 'node-1',
  sealedAt: new Date('2026-11-24T07:02:51.000Z'),
};
const rowsOf = (events: readonly (SealedEvent | undefined)[]) =>
  events.map((event, at) => ({
    position: 11 + at,
    sealId: 4,
    id: event?.id ?? '',
    leaf: leaves[at] ?? Buffer.alloc(32),
    event,
  }));
const keyOf = (id: string, previous: string) => ({
  id,
  previous,
  publicKey: Buffer.from(`key of ${id}`),
  introduction: `introduction of ${id}`,
  introducedAt: new Date(0),
});
const KEYS = [keyOf('a3', 'a2'), keyOf('a2', 'a1'), keyOf('a1', '')];

describe('a proof of one event', () => {
  test('has the bytes of that event, its place, its path, and the keys from the first to that of the head', () => {
    const batch = toProvenBatch(SEAL, rowsOf(EVENTS));
    for (const [index, event] of EVENTS.entries()) {
      const proof = makeProof(batch, index, KEYS);
      expect(proof).toMatchObject({
        bytes: canonicalBytes(event).toString('base64url'),
        index,
        size: 3,
        path: inclusionPath(leaves, index).map((hash) => hash.toString('base64url')),
        head: SEAL.head,
        event: { id: event.id, position: 11 + index, sealedAt: '2026-11-24T07:02:51.000Z' },
      });
      expect(proof.keys).toEqual(
        ['a1', 'a2'].map((id) => ({
          publicKey: Buffer.from(`key of ${id}`).toString('base64url'),
          introduction: `introduction of ${id}`,
        })),
      );
    }
  });

  test('shows of the event what its bytes cover, and never its MAC: that is for who holds the audit key', () => {
    const { event } = makeProof(toProvenBatch(SEAL, rowsOf(EVENTS)), 0, KEYS);
    expect(Object.keys(event).sort()).toEqual([...Object.keys(FULL_EVENT), 'position', 'sealedAt'].sort());
  });

  test('is not made from a batch that is not as it was sealed', () => {
    const changed: SealedEvent = { ...eventOf(2), outcome: 'DENIED' };
    for (const events of [
      [eventOf(1), changed, eventOf(3)],
      [eventOf(1), eventOf(3), eventOf(2)],
      [eventOf(1), eventOf(2)],
      [eventOf(1), undefined, eventOf(2), eventOf(3)],
      [...EVENTS, undefined],
      [],
    ])
      expect(() => toProvenBatch(SEAL, rowsOf(events))).toThrow('Batch 4 of the audit trail is broken');
  });

  test('is not made where the key of its head is not stored', () => {
    const batch = toProvenBatch({ ...SEAL, auditKeyId: 'a9' }, rowsOf(EVENTS));
    expect(() => makeProof(batch, 0, KEYS)).toThrow('The audit key "a9" is not among the stored ones');
  });
});

describe('an event for a SIEM', () => {
  const event: SealedEvent = { ...FULL_EVENT, mac: MAC };

  test('is one line of the Common Event Format with all that is not personal', () => {
    expect(toCef(event, 12)).toBe(
      'CEF:0|Gatehouse|Gatehouse|1|session.created|A person logged in.|2|' +
        'rt=1795503770123 externalId=019364a1-7c3a-7000-8000-000000000001 outcome=SUCCESS ' +
        'suid=019364a1-7c3a-7000-8000-00000000000a suser=USER duid=019364a1-7c3a-7000-8000-00000000000b dvchost=node-1 ' +
        'cn1Label=position cn1=12 cs1Label=requestId cs1=request-1 cs2Label=operationName cs2=Login cs3Label=details ' +
        'cs3={"factors":["pwd"],"knownDevice":false,"session":"019364a1-7c3a-7000-8000-00000000000c"}',
    );
  });

  test('leaves out what is not set, label and all, and is as severe as its outcome', () => {
    const bare = { ...event, actorId: null, subjectId: null, operationName: null, requestId: null };
    expect(toCef(bare, 12)).not.toMatch(/suid|duid|cs1|cs2/);
    const severity = (outcome: SealedEvent['outcome']) => toCef({ ...event, outcome }, 12).split('|')[6];
    expect([severity('SUCCESS'), severity('DENIED'), severity('FAILED')]).toEqual(['2', '5', '6']);
  });

  test('has no field and no line more by what a value of it holds', () => {
    const hostile = 'x|y\\z=\nCEF:0|Gatehouse outcome=SUCCESS\r';
    const line = toCef({ ...event, type: hostile, node: hostile, requestId: hostile }, 12);
    expect(line).not.toMatch(/[\r\n]/);
    const header = 'x\\|y\\\\z= CEF:0\\|Gatehouse outcome=SUCCESS ';
    expect(line).toMatch(/^CEF:0\|Gatehouse\|Gatehouse\|1\|/);
    expect(line.slice('CEF:0|Gatehouse|Gatehouse|1|'.length)).toBe(
      `${header}|${header}|2|${line.slice(line.indexOf('rt='))}`,
    );
    const value = 'x|y\\\\z\\=\\nCEF:0|Gatehouse outcome\\=SUCCESS\\r';
    expect(line).toContain(` dvchost=${value} `);
    expect(line).toContain(` cs1=${value} `);
  });
});
