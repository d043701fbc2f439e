import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acknowledgeRestore } from '../../src/audit/acknowledge-restore.ts';
import { introduceKey } from '../../src/audit/audit-key-chain.ts';
import { toName } from '../../src/audit/event-details.ts';
import { BEFORE_FIRST_HEAD, type Head, hashHead, signHead } from '../../src/audit/head.ts';
import { merkleRoot } from '../../src/audit/merkle.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { auditSigner } from '../../src/crypto/audit-keys.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { type AuditDatabase, auditDatabase, newHeadPath } from '../support/audit-database.ts';
import { keyringOf, rotated } from '../support/keyrings.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;

let db: AuditDatabase;
/** The root's introduction; then a batch of one, one of three, one of one; and two events that no seal covers yet. */
let ids: string[];
let headPath: string;

const record = () =>
  db.database.transaction((tx) =>
    db.trail.record(tx, { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } }),
  );

beforeEach(async () => {
  db = await auditDatabase();
  headPath = newHeadPath();
  const sealer = db.sealer({ headPath });
  ids = [];
  for (const size of [0, 1, 3, 1]) {
    for (let count = 0; count < size; count += 1) {
      db.clock.advance(1);
      ids.push(await record());
    }
    await sealer.step();
  }
  for (let count = 0; count < 2; count += 1) {
    db.clock.advance(1);
    ids.push(await record());
  }
});
afterEach(() => db.close());

const id = (number: number): string => ids[number - 1] ?? '';
const hostile = (sql: string, parameters: readonly unknown[] = []) => db.clone.asHostile(sql, parameters);
const keptHead = () => readFileSync(headPath, 'utf8').trim();
const verify = async (
  options: { heads?: string[]; keyring?: AuditDatabase['keyring']; root?: string; since?: Date } = {},
) => {
  const { broken } = await verifyTrail(db.database.manager, { ...db, heads: [keptHead()], ...options });
  return broken && { fault: broken.fault, id: broken.eventId };
};

/** A copy of the event `of`, as the row `as`, put into the table and, where said, the queue. */
const plant = async (as: string, of: string, queue: boolean) => {
  await hostile(
    `INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', $1::text))).* FROM audit_events e WHERE id = $2`,
    [as, of],
  );
  if (queue) await hostile('INSERT INTO audit_unsealed VALUES ($1)', [as]);
};
const PLANTED = '01930000-0000-7000-8000-0000000000ff';

describe('a trail that nobody touched', () => {
  test('is intact, its unsealed tail too, and after it is sealed', async () => {
    expect(await verify()).toBeUndefined();
    await db.sealer({ headPath }).stop();
    expect(await verify()).toBeUndefined();
  });

  test('is intact for a node whose keyring has newer keys, and lost the one that wrote it', async () => {
    await db.sealer({ headPath }).stop();
    await db.sealer({ headPath, keyring: rotated('audit', 'a2') }).stop();
    expect(await verify({ keyring: rotated('audit', 'a2') })).toBeUndefined();
    expect(await verify({ keyring: rotated('audit', 'a2', { keepsOld: false }) })).toBeUndefined();
  });

  test('is read from a time on with --since', async () => {
    await hostile(`UPDATE audit_events SET node = 'x' WHERE id = $1`, [id(1)]);
    const [{ since }] = await db.database.query('SELECT sealed_at AS since FROM audit_seals WHERE id = 3');
    expect(await verify({ since })).toBeUndefined();
    expect(await verify()).toEqual({ fault: 'CHANGED', id: id(1) });
    await hostile(`UPDATE audit_events SET node = 'x' WHERE id = $1`, [id(2)]);
    expect(await verify({ since })).toEqual({ fault: 'CHANGED', id: id(2) });
  });

  test('keeps its verdict while it is sealed on', async () => {
    const verdicts = await Promise.all([verify(), db.sealer({ headPath }).stop(), verify(), verify()]);
    expect(verdicts).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('in the sealed chain a hostile administrator', () => {
  test.each([
    ['type', `'session.created'`],
    ['details', `'{"session": "019364a1-7c3a-7000-8000-00000000000d"}'`],
    ['actor_id', `'x'`],
    ['at', `at + interval '1 hour'`],
    ['mac', `'\\x00'`],
  ])('who changes the %s of an event is found', async (column, value) => {
    await hostile(`UPDATE audit_events SET ${column} = ${value} WHERE id = $1`, [id(3)]);
    expect(await verify()).toEqual({ fault: 'CHANGED', id: id(3) });
  });

  test('who swaps two events of one batch is found', async () => {
    await swapWithoutIndex(id(3), id(4));
    expect(await verify()).toEqual({ fault: 'OUT_OF_PLACE', id: id(4) });
  });

  test('who swaps them with their leaves is found', async () => {
    await swapWithoutIndex(id(3), id(4), true);
    expect(await verify()).toEqual({ fault: 'OUT_OF_PLACE', id: id(2) });
  });

  test('who swaps events of two batches is found', async () => {
    await swapWithoutIndex(id(1), id(3), true);
    expect(await verify()).toEqual({ fault: 'OUT_OF_PLACE', id: id(3) });
  });

  test('who deletes an event is found, with its position or without', async () => {
    await hostile('DELETE FROM audit_events WHERE id = $1', [id(3)]);
    expect(await verify()).toEqual({ fault: 'MISSING', id: id(3) });
    await hostile('DELETE FROM audit_positions WHERE event_id = $1', [id(3)]);
    expect(await verify()).toEqual({ fault: 'MISSING', id: id(4) });
  });

  test('who deletes one and closes the gap is found', async () => {
    await hostile('DELETE FROM audit_events WHERE id = $1', [id(3)]);
    await hostile('DELETE FROM audit_positions WHERE event_id = $1', [id(3)]);
    await hostile('UPDATE audit_positions SET position = position - 1 WHERE position > 4');
    expect(await verify()).toEqual({ fault: 'OUT_OF_PLACE', id: id(5) });
  });

  test('who deletes the newest event is found, with its batch or without', async () => {
    await hostile('DELETE FROM audit_events WHERE id = $1', [id(5)]);
    await hostile('DELETE FROM audit_positions WHERE event_id = $1', [id(5)]);
    expect(await verify()).toEqual({ fault: 'MISSING', id: id(5) });
    await hostile('DELETE FROM audit_seals WHERE id = 4');
    expect(await verify()).toEqual({ fault: 'ROLLED_BACK', id: id(5) });
    expect(await verify({ heads: [] })).toBeUndefined();
  });

  test('who rolls the whole database back is found by the head that a node kept, also after new events', async () => {
    await hostile('DELETE FROM audit_unsealed');
    await hostile('DELETE FROM audit_events WHERE id = ANY ($1)', [[3, 4, 5, 6, 7].map(id).concat(id(2))]);
    await hostile('DELETE FROM audit_positions WHERE seal_id > 2');
    await hostile('DELETE FROM audit_seals WHERE id > 2');
    expect(await verify()).toEqual({ fault: 'ROLLED_BACK', id: id(5) });
    for (let count = 0; count < 4; count += 1) {
      await record();
      await db.sealer().step();
    }
    expect(await verify({ heads: [] })).toBeUndefined();
    expect(await verify()).toEqual({ fault: 'ROLLED_BACK', id: id(5) });
  });

  test('who inserts an event is found: with a position of its own, in another’s place, or with none', async () => {
    await plant(PLANTED, id(3), false);
    expect(await verify()).toEqual({ fault: 'INSERTED', id: PLANTED });
    await hostile(`INSERT INTO audit_positions SELECT 7, $1, 4, leaf FROM audit_positions WHERE position = 6`, [
      PLANTED,
    ]);
    expect(await verify()).toEqual({ fault: 'INSERTED', id: PLANTED });
    await hostile('DELETE FROM audit_positions WHERE position = 7');
    await hostile('UPDATE audit_positions SET event_id = $1 WHERE event_id = $2', [PLANTED, id(3)]);
    expect(await verify()).toEqual({ fault: 'CHANGED', id: PLANTED });
  });

  test.each([
    ['root', `'\\x00'`],
    ['previous', `'\\x00'`],
    ['last_position', 'last_position + 1'],
    ['sealed_at', `sealed_at + interval '1 s'`],
    ['node', `'elsewhere'`],
    ['head', `replace(head, '.', '.x')`],
  ])('who changes the %s of a seal is found', async (column, value) => {
    await hostile(`UPDATE audit_seals SET ${column} = ${value} WHERE id = 3`);
    expect(await verify()).toMatchObject({ fault: 'SEAL', id: id(2) });
  });

  test('who deletes a seal is found', async () => {
    await hostile('DELETE FROM audit_seals WHERE id = 3');
    expect(await verify()).toEqual({ fault: 'SEAL', id: id(2) });
  });

  test('who changes an event and chains everything anew with another key is found', async () => {
    const forger = auditSigner(keyringOf('forger'), 'a1');
    await hostile('DELETE FROM audit_positions WHERE event_id = $1', [id(5)]);
    await hostile('DELETE FROM audit_events WHERE id = $1', [id(5)]);
    await hostile('DELETE FROM audit_seals WHERE id = 4');
    await rechain(forger);
    expect(await verify({ heads: [] })).toMatchObject({ fault: 'SEAL' });
    // With a row for its key, too: nothing introduced it.
    const publicKey = Buffer.from(forger.publicJwk.x, 'base64url');
    await hostile(`INSERT INTO audit_keys VALUES ('a9', 'a1', $1, $2, now())`, [
      publicKey,
      introduceKey(forger, { ...forger, id: 'a9' }),
    ]);
    expect(await verify({ heads: [] })).toEqual({ fault: 'KEYS', id: undefined });
    await hostile(`DELETE FROM audit_keys`);
    await hostile(`INSERT INTO audit_keys VALUES ('a1', '', $1, $2, now())`, [publicKey, introduceKey(forger, forger)]);
    expect(await verify({ heads: [] })).toEqual({ fault: 'KEYS', id: undefined });
  });
});

describe('in the unsealed tail a hostile administrator', () => {
  test('who changes an event is found', async () => {
    await hostile(`UPDATE audit_events SET outcome = 'DENIED' WHERE id = $1`, [id(6)]);
    expect(await verify()).toEqual({ fault: 'CHANGED', id: id(6) });
  });

  test('who inserts an event is found, and it is never sealed', async () => {
    await plant(PLANTED, id(6), true);
    expect(await verify()).toEqual({ fault: 'CHANGED', id: PLANTED });
    await db.sealer({ headPath }).step();
    expect(await verify()).toEqual({ fault: 'CHANGED', id: PLANTED });
  });

  test('who inserts an event under an audit key of their own is found, and it is never sealed', async () => {
    await plant(PLANTED, id(6), true);
    await hostile(`UPDATE audit_events SET audit_key_id = 'a9' WHERE id = $1`, [PLANTED]);
    expect(await verify()).toEqual({ fault: 'CHANGED', id: PLANTED });
    await db.sealer({ headPath }).step();
    expect(await verify()).toEqual({ fault: 'CHANGED', id: PLANTED });
  });

  test('who deletes an event and forgets the queue is found', async () => {
    await hostile('DELETE FROM audit_events WHERE id = $1', [id(7)]);
    expect(await verify()).toEqual({ fault: 'MISSING', id: id(7) });
  });

  test('who takes an event off the queue is found', async () => {
    await hostile('DELETE FROM audit_unsealed WHERE event_id = $1', [id(6)]);
    expect(await verify()).toEqual({ fault: 'INSERTED', id: id(6) });
  });

  test('who keeps the sealer from its work is found after a minute', async () => {
    db.clock.advanceSeconds(50);
    expect(await verify()).toBeUndefined();
    db.clock.advanceSeconds(20);
    expect(await verify()).toEqual({ fault: 'UNSEALED', id: id(6) });
  });
});

describe('a restored backup', () => {
  const restore = async () => {
    await hostile('DELETE FROM audit_unsealed');
    await hostile('DELETE FROM audit_events WHERE id = ANY ($1)', [[5, 6, 7].map(id)]);
    await hostile('DELETE FROM audit_positions WHERE seal_id > 3');
    await hostile('DELETE FROM audit_seals WHERE id > 3');
  };
  const acknowledge = () =>
    acknowledgeRestore({ ...db, audit: db.trail }, { kind: 'OPERATOR', id: toName('command-line') }, [keptHead()]);

  test('is a fault until an operator acknowledges it, and the node then keeps the new heads', async () => {
    await restore();
    const sealer = db.sealer({ headPath });
    await sealer.step();
    expect(await verify()).toEqual({ fault: 'ROLLED_BACK', id: id(5) });
    const lost = keptHead();
    await acknowledge();
    await sealer.step();
    expect(keptHead()).not.toBe(lost);
    expect(await verify({ heads: [lost, keptHead()] })).toBeUndefined();
  });

  test('that was acknowledged does not excuse the next loss', async () => {
    await restore();
    await acknowledge();
    const sealer = db.sealer({ headPath });
    await sealer.step();
    db.clock.advanceSeconds(1);
    const next = await record();
    await sealer.step();
    expect(await verify()).toBeUndefined();
    await hostile('DELETE FROM audit_positions WHERE event_id = $1', [next]);
    await hostile('DELETE FROM audit_events WHERE id = $1', [next]);
    await hostile('DELETE FROM audit_seals WHERE id = (SELECT max(id) FROM audit_seals)');
    expect(await verify()).toEqual({ fault: 'ROLLED_BACK', id: next });
  });

  test('is not acknowledged where nothing was lost, or by a head that no audit key signed', async () => {
    await expect(acknowledge()).rejects.toThrow('nothing is lost');
    await restore();
    const forged = signHead(auditSigner(keyringOf('forger'), 'a1'), { seal: 9 } as unknown as Head);
    await expect(acknowledgeRestore({ ...db, audit: db.trail }, { kind: 'SYSTEM' }, [forged])).rejects.toThrow(
      'There is no head',
    );
  });
});

describe('a third party', () => {
  test('who holds another root of trust takes no head', async () => {
    expect(await verify({ root: db.keyring.auditRoot })).toBeUndefined();
    expect(await verify({ root: keyringOf('another').auditRoot })).toEqual({ fault: 'KEYS', id: undefined });
  });
});

/** Exchanges the events of two positions, and their leaves where said; one statement cannot, past the unique index. */
async function swapWithoutIndex(one: string, other: string, leaves = false): Promise<void> {
  const spare = '01930000-0000-7000-8000-00000000aaaa';
  const leafOf = async (event: string): Promise<Buffer> =>
    (await db.database.query('SELECT leaf FROM audit_positions WHERE event_id = $1', [event]))[0].leaf;
  const [leafOfOne, leafOfOther] = [await leafOf(one), await leafOf(other)];
  for (const [to, from] of [
    [spare, one],
    [one, other],
    [other, spare],
  ]) {
    await hostile('UPDATE audit_positions SET event_id = $1 WHERE event_id = $2', [to, from]);
  }
  if (!leaves) return;
  await hostile('UPDATE audit_positions SET leaf = $1 WHERE event_id = $2', [leafOfOne, one]);
  await hostile('UPDATE audit_positions SET leaf = $1 WHERE event_id = $2', [leafOfOther, other]);
}

/** All seals anew, right in everything but the key. */
async function rechain(signer: ReturnType<typeof auditSigner>): Promise<void> {
  let previous: Buffer = BEFORE_FIRST_HEAD;
  const seals = await db.database.query('SELECT * FROM audit_seals ORDER BY id');
  for (const seal of seals) {
    const events: { id: string; leaf: Buffer }[] = await db.database.query(
      'SELECT event_id AS id, leaf FROM audit_positions WHERE seal_id = $1 ORDER BY position',
      [seal.id],
    );
    const root = merkleRoot(events.map(({ leaf }) => leaf));
    const head = signHead(signer, {
      seal: Number(seal.id),
      previous: previous.toString('base64url'),
      firstPosition: Number(seal.first_position),
      lastPosition: Number(seal.last_position),
      firstEvent: events[0]?.id ?? '',
      lastEvent: events.at(-1)?.id ?? '',
      root: root.toString('base64url'),
      sealedAt: seal.sealed_at.toISOString(),
      node: seal.node,
    });
    await hostile('UPDATE audit_seals SET previous = $1, root = $2, head = $3 WHERE id = $4', [
      previous,
      root,
      head,
      seal.id,
    ]);
    previous = hashHead(head);
  }
}
