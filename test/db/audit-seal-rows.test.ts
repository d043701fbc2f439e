import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { introduceKey, trustKeys } from '../../src/audit/audit-key-chain.ts';
import { toName } from '../../src/audit/event-details.ts';
import { type Head, readHead, signHead } from '../../src/audit/head.ts';
import { isHeadKnown } from '../../src/audit/known-heads.ts';
import { proveEvent } from '../../src/audit/prove-event.ts';
import { findAuditKeys } from '../../src/audit/seals.repository.ts';
import { streamSeals } from '../../src/audit/verification.repository.ts';
import { type VerificationStep, verifyTrail } from '../../src/audit/verify-trail.ts';
import { auditSigner } from '../../src/crypto/audit-keys.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { type AuditDatabase, auditDatabase, newHeadPath } from '../support/audit-database.ts';
import { keyringOf } from '../support/keyrings.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;

let db: AuditDatabase;
beforeEach(async () => {
  db = await auditDatabase();
  const sealer = db.sealer({ headPath: newHeadPath() });
  for (const size of [0, 2, 2]) {
    for (let count = 0; count < size; count += 1) {
      db.clock.advance(1);
      await db.trail.record(db.database.manager, {
        type: 'session.ended',
        by: { kind: 'ANONYMOUS' },
        details: { session },
      });
    }
    await sealer.step();
  }
});
afterEach(() => db.close());

const verify = async () => (await verifyTrail(db.database.manager, { ...db, heads: [] })).broken?.fault;

describe('the row of a seal', () => {
  test.each([[`first_position = first_position - 1`], [`head = (SELECT head FROM audit_seals WHERE id = 1)`]])(
    'that a hostile administrator changes by %s is not what its head says',
    async (change) => {
      expect(await verify()).toBeUndefined();
      await db.clone.asHostile(`UPDATE audit_seals SET ${change} WHERE id = 2`);
      expect(await verify()).toBe('SEAL');
    },
  );

  test('that is whole, and signed by the right key, and follows on another batch, does not stand in this chain', async () => {
    const [{ head }] = await db.database.query('SELECT head FROM audit_seals WHERE id = 3');
    const keys = trustKeys(await findAuditKeys(db.database.manager), db.keyring.auditRoot);
    const said = readHead(head, keys);
    if (!said) throw new TypeError('The sealer signed it');
    // As from a copy of the database that went on with the same keyring.
    const previous = Buffer.alloc(32, 7);
    const other = signHead(auditSigner(db.keyring, 'a1'), { ...said, previous: previous.toString('base64url') });
    await db.clone.asHostile('UPDATE audit_seals SET previous = $1, head = $2 WHERE id = 3', [previous, other]);
    expect(await verify()).toBe('SEAL');
  });

  test('of the first batch follows on 32 zero bytes', async () => {
    const [{ previous }] = await db.database.query('SELECT previous FROM audit_seals WHERE id = 1');
    expect(previous).toEqual(Buffer.alloc(32));
  });
});

test.each([
  ['of no key that there is', 'a7'],
  ['of itself', 'a9'],
])('the row of an audit key that a hostile administrator plants as the successor %s is named', async (_, previous) => {
  const planted = { ...auditSigner(keyringOf('forger'), 'a1'), id: 'a9' };
  await db.clone.asHostile(`INSERT INTO audit_keys VALUES ('a9', $1, $2, $3, now())`, [
    previous,
    Buffer.from(planted.publicJwk.x, 'base64url'),
    introduceKey(planted, planted),
  ]);
  const { broken } = await verifyTrail(db.database.manager, { ...db, heads: [] });
  expect([broken?.fault, broken?.message]).toEqual(['KEYS', expect.stringContaining('The audit key "a9"')]);
});

test('each event of a batch is proved as itself, and none whose position was given to another batch', async () => {
  const rows: { id: string; position: number }[] = await db.database.query(
    'SELECT event_id AS id, position::int FROM audit_positions WHERE seal_id = 2 ORDER BY position',
  );
  expect(rows).toHaveLength(2);
  for (const [index, { id, position }] of rows.entries()) {
    const { proof, event } = await proveEvent(db.database.manager, id);
    expect([event.id, proof]).toMatchObject([id, { index, size: 2, event: { id, position } }]);
  }
  const [{ id }, other] = [rows[0] ?? { id: '' }, rows[1]];
  await db.clone.asHostile('UPDATE audit_positions SET seal_id = 3 WHERE event_id = $1', [id]);
  await expect(proveEvent(db.database.manager, id)).rejects.toThrow('Another event stands in the place');
  await db.clone.asHostile('DELETE FROM audit_positions WHERE event_id = $1', [id]);
  await expect(proveEvent(db.database.manager, id)).rejects.toThrow('No sealed event has this id');
  await expect(proveEvent(db.database.manager, other?.id ?? '')).rejects.toThrow(
    'Batch 2 of the audit trail is broken',
  );
});

test('a verification tells how far it is, to the end', async () => {
  const told: [number, number, VerificationStep][] = [];
  const progress = (...how: [number, number, VerificationStep]) => void told.push(how);
  const { sealedEvents } = await verifyTrail(db.database.manager, { ...db, heads: [], progress });
  expect(told).toEqual([[sealedEvents, sealedEvents, 'FOUND']]);
});

test('a head of no key of this trail, or no head at all, is told to whoever kept it', async () => {
  const forged = signHead(auditSigner(keyringOf('forger'), 'a1'), { seal: 1 } as unknown as Head);
  for (const head of [forged, 'kept elsewhere']) {
    const { broken } = await verifyTrail(db.database.manager, { ...db, heads: [head] });
    expect([broken?.fault, broken?.eventId]).toEqual(['ROLLED_BACK', undefined]);
  }
});

test('a trail of more events than are read at once is verified to its last one, and tells how far it is', async () => {
  const event = { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } } as const;
  for (const size of [1_000, 1_100])
    await db.trail.write(
      db.database.manager,
      Array.from({ length: size }, () => db.trail.stamp(event)),
    );
  await db.sealer().stop();
  const told: string[] = [];
  const progress = (...how: [number, number, VerificationStep]) => void told.push(how.join(' '));
  const { broken, sealedEvents } = await verifyTrail(db.database.manager, { ...db, heads: [], progress });
  expect([broken, sealedEvents > 2_100]).toEqual([undefined, true]);
  expect(told).toEqual([`2000 ${sealedEvents} VERIFIED`, `${sealedEvents} ${sealedEvents} FOUND`]);
  const [{ id }] = await db.database.query('SELECT event_id AS id FROM audit_positions ORDER BY position DESC LIMIT 1');
  await db.clone.asHostile(`UPDATE audit_events SET outcome = 'DENIED' WHERE id = $1`, [id]);
  expect((await verifyTrail(db.database.manager, { ...db, heads: [] })).broken?.eventId).toBe(id);
});

test('seals are read to the last one, however many there are', async () => {
  await db.clone.asHostile(
    `INSERT INTO audit_seals (id, previous, first_position, last_position, root, head, audit_key_id, node, sealed_at)
     SELECT n, decode(lpad(to_hex(n), 8, '0'), 'hex'), n, n, '', '', 'a1', 'n', now() FROM generate_series(4, 4102) n`,
  );
  const read: number[] = [];
  for await (const { id } of streamSeals(db.database.manager, 2, 4_101)) read.push(id);
  expect(read).toEqual(Array.from({ length: 4_100 }, (_, at) => 2 + at));
});

test('an event that was planted behind thousands that wait for their seal is found', async () => {
  const event = { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } } as const;
  for (const size of [1_000, 1_000]) {
    const waiting = Array.from({ length: size }, () => db.trail.stamp(event));
    await db.trail.write(db.database.manager, waiting);
  }
  const last = 'ffffffff-ffff-7fff-8fff-ffffffffffff';
  await db.clone.asHostile(
    `INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', $1::text))).* FROM audit_events e LIMIT 1`,
    [last],
  );
  await db.clone.asHostile('INSERT INTO audit_unsealed VALUES ($1)', [last]);
  const { broken } = await verifyTrail(db.database.manager, { ...db, heads: [] });
  expect([broken?.fault, broken?.eventId]).toEqual(['CHANGED', last]);
});

test('a lost head is excused by an acknowledgement of its batch, after it, that a server wrote, and by no other', async () => {
  const { manager } = db.database;
  const keys = trustKeys(await findAuditKeys(manager), db.keyring.auditRoot);
  const [{ head }] = await db.database.query('SELECT head FROM audit_seals WHERE id = 3');
  const said = readHead(head, keys);
  if (!said) throw new TypeError('The sealer signed it');
  const lost = signHead(auditSigner(db.keyring, 'a1'), { ...said, root: said.previous });
  const isKnown = (text: string) => isHeadKnown(manager, db.keyring, keys, text);
  const acknowledge = (lostBatch: number) =>
    db.trail.record(manager, {
      type: 'audit.restore_acknowledged',
      by: { kind: 'SYSTEM' },
      details: { lostBatch, lostHead: toName('head') },
    });
  expect([await isKnown(head), await isKnown(lost)]).toEqual([true, false]);
  const older = await acknowledge(2);
  expect(await isKnown(lost)).toBe(false);
  await db.clone.asHostile(`UPDATE audit_events SET details = details || '{"lostBatch": 3}' WHERE id = $1`, [older]);
  expect(await isKnown(lost)).toBe(false);
  await db.clone.asHostile(`UPDATE audit_events SET audit_key_id = 'a9' WHERE id = $1`, [older]);
  expect(await isKnown(lost)).toBe(false);
  await acknowledge(3);
  expect(await isKnown(lost)).toBe(true);
  const sealedAt = new Date(db.clock.now().getTime() + 1).toISOString();
  expect(await isKnown(signHead(auditSigner(db.keyring, 'a1'), { ...said, root: said.previous, sealedAt }))).toBe(
    false,
  );
});
