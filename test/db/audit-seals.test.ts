import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { trustKeys } from '../../src/audit/audit-key-chain.ts';
import { BEFORE_FIRST_HEAD, hashHead, readHead } from '../../src/audit/head.ts';
import { sealBatch } from '../../src/audit/seal-batch.ts';
import { findAuditKeys, findNewestSeal, findSeal } from '../../src/audit/seals.repository.ts';
import type { SessionId } from '../../src/platform/ids.ts';
import { until } from '../support/account-acts.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { keyringOf, rotated } from '../support/keyrings.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;

let db: AuditDatabase;
beforeAll(async () => {
  db = await auditDatabase();
});
afterAll(() => db.close());
// Each test begins with an empty queue and knows how far the chain goes.
beforeEach(async () => {
  const sealer = db.sealer();
  await sealer.load();
  await sealer.stop();
});

const record = () =>
  db.database.transaction((tx) =>
    db.trail.record(tx, { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } }),
  );
const newest = () => findNewestSeal(db.database.manager);
const queued = async () =>
  (await db.database.query('SELECT event_id AS id FROM audit_unsealed ORDER BY 1')).map(
    (row: { id: string }) => row.id,
  );
const positions = (ids: readonly string[]): Promise<{ position: number; sealId: number }[]> =>
  db.database.query(
    'SELECT position::int, seal_id::int AS "sealId" FROM audit_positions WHERE event_id = ANY ($1::uuid[]) ORDER BY 1',
    [ids],
  );
const trusted = async () => trustKeys(await findAuditKeys(db.database.manager), db.keyring.auditRoot);

describe('the sealer', () => {
  test('gives what is committed the next positions, in one batch, and takes it off the queue', async () => {
    const before = await newest();
    const ids = [await record(), await record(), await record()];
    await db.sealer().step();
    const seal = await newest();
    expect(seal).toMatchObject({ id: (before?.id ?? 0) + 1, firstPosition: (before?.lastPosition ?? 0) + 1 });
    expect((await positions(ids)).map(({ position }) => position)).toEqual(
      [0, 1, 2].map((n) => (before?.lastPosition ?? 0) + 1 + n),
    );
    expect(await queued()).toEqual([]);
  });

  test('chains each head to the one before, and signs it with the audit key', async () => {
    await record();
    await db.sealer().step();
    const before = await newest();
    await record();
    await db.sealer().step();
    const after = await newest();
    expect(after?.previous).toEqual(hashHead(before?.head ?? ''));
    const head = readHead(after?.head ?? '', await trusted());
    expect(head).toMatchObject({ seal: after?.id, root: after?.root.toString('base64url'), node: 'node-1' });
    const first = await findSeal(db.database.manager, 1);
    expect(first?.previous).toEqual(BEFORE_FIRST_HEAD);
    const header = JSON.parse(Buffer.from((after?.head ?? '').split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'EdDSA', typ: 'gatehouse-audit-head+jws', kid: db.keyring.auditRoot });
  });

  test('writes nothing on a quiet server', async () => {
    const before = await newest();
    const sealer = db.sealer();
    await sealer.step();
    await sealer.step();
    expect(await newest()).toEqual(before);
  });

  test('seals an event that commits late, after others with higher ids', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let started = (_: string) => {};
    const begun = new Promise<string>((resolve) => {
      started = resolve;
    });
    const late = db.database.transaction(async (tx) => {
      started(await db.trail.record(tx, { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } }));
      await held;
    });
    const lateId = await begun;
    db.clock.advance(5);
    const ids = [await record()];
    await db.sealer().step();
    expect(await positions([lateId])).toEqual([]);
    release();
    await late;
    await db.sealer().step();
    const [[early], [after]] = [await positions(ids), await positions([lateId])];
    expect(after?.position).toBe((early?.position ?? 0) + 1);
  });

  test('does not keep an event waiting that is written while it seals', async () => {
    await record();
    const keys = await trusted();
    await db.database.transaction(async (tx) => {
      await sealBatch(tx, { ...db, node: 'node-1' }, keys, { passOver: [], limit: 10 });
      await record();
    });
    expect(await queued()).toHaveLength(1);
  });

  test('seals the tail when it stops, however long it is', async () => {
    const event = { type: 'session.ended', by: { kind: 'ANONYMOUS' }, details: { session } } as const;
    // More than one batch holds.
    for (let count = 0; count < 3; count += 1) {
      await db.trail.write(
        db.database.manager,
        Array.from({ length: 700 }, () => db.trail.stamp(event)),
      );
    }
    const sealer = db.sealer();
    await sealer.stop();
    expect(await queued()).toEqual([]);
  });
});

describe('two sealers at once', () => {
  test('of which one was paused and comes back cannot fork the chain', async () => {
    const id = await record();
    const keys = await trusted();
    const seal = (node: string, pause: () => Promise<unknown>) =>
      db.database.transaction(async (tx) => {
        const frozen = await findNewestSeal(tx);
        await sealBatch(tx, { ...db, node }, keys, { passOver: [], limit: 10 });
        await pause();
        return frozen;
      });
    let other: Promise<unknown> = Promise.resolve();
    await seal('node-1', async () => {
      other = seal('node-2', async () => undefined).catch((error: unknown) => error);
      await until('the other one waits for what this one has not committed yet', async () => {
        const rows = await db.database.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
    });
    expect(String(await other)).toMatch(/audit_seals_(previous_key|pkey)/);
    expect(await positions([id])).toHaveLength(1);
    expect((await newest())?.node).toBe('node-1');
    await record();
    await db.sealer({ node: 'node-2' }).step();
    expect((await newest())?.node).toBe('node-2');
  });

  test('50-fold, without a lock between them, seal each event once, in one chain', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 50; count += 1) ids.push(await record());
    const keys = await trusted();
    const before = await newest();
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        db.database.transaction((tx) =>
          sealBatch(tx, { ...db, node: `node-${index}` }, keys, { passOver: [], limit: 7 }),
        ),
      ),
    );
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    await db.sealer().stop();
    const given = await positions(ids);
    expect(given.map(({ position }) => position)).toEqual(
      ids.map((_, index) => (before?.lastPosition ?? 0) + 1 + index),
    );
    const seals = await db.database.query('SELECT previous, head FROM audit_seals ORDER BY id');
    for (const [index, { head }] of seals.slice(0, -1).entries())
      expect(seals[index + 1].previous).toEqual(hashHead(head));
  });
});

describe('an event that was tampered with before it was sealed', () => {
  test('is never sealed but reported, once, and keeps no other from its seal', async () => {
    const [bad, good] = [await record(), await record()];
    await db.clone.asHostile(`UPDATE audit_events SET node = 'elsewhere' WHERE id = $1`, [bad]);
    const logger = recordingLogger();
    const sealer = db.sealer({ logger });
    await sealer.step();
    await sealer.step();
    await sealer.step();
    expect(await positions([bad])).toEqual([]);
    expect(await positions([good])).toHaveLength(1);
    expect(await queued()).toEqual([bad]);
    const reported = await db.database.query(
      `SELECT details FROM audit_events WHERE type = 'audit.unsealable' AND subject_id = $1`,
      [bad],
    );
    expect(reported).toEqual([{ details: { fault: 'BROKEN', events: 1 } }]);
    expect(JSON.stringify(logger.lines)).toContain(bad);
    await db.clone.asHostile('DELETE FROM audit_unsealed WHERE event_id = $1', [bad]);
  });

  test('by being deleted gets no position, and is reported', async () => {
    const [gone, good] = [await record(), await record()];
    await db.clone.asHostile('DELETE FROM audit_events WHERE id = $1', [gone]);
    await db.sealer().step();
    expect(await positions([gone])).toEqual([]);
    expect(await queued()).toContain(gone);
    expect(await positions([good])).toHaveLength(1);
    const reported = await db.database.query(
      `SELECT details FROM audit_events WHERE type = 'audit.unsealable' AND subject_id = $1`,
      [gone],
    );
    expect(reported).toEqual([{ details: { fault: 'GONE', events: 1 } }]);
    await db.clone.asHostile('DELETE FROM audit_unsealed WHERE event_id = $1', [gone]);
  });

  test('is looked at again a minute later, and sealed where it is whole by then', async () => {
    const id = await record();
    await db.clone.asHostile(`UPDATE audit_events SET node = 'elsewhere' WHERE id = $1`, [id]);
    const sealer = db.sealer();
    await sealer.step();
    await db.clone.asHostile(`UPDATE audit_events SET node = 'node-1' WHERE id = $1`, [id]);
    db.clock.advanceSeconds(59);
    await sealer.step();
    expect(await positions([id])).toEqual([]);
    db.clock.advanceSeconds(1);
    await sealer.step();
    expect(await positions([id])).toHaveLength(1);
  });

  test('and put into the queue again after its seal leaves it without a second position', async () => {
    const id = await record();
    await db.sealer().step();
    await db.database.query('INSERT INTO audit_unsealed VALUES ($1)', [id]);
    await record();
    await db.sealer().step();
    expect(await positions([id])).toHaveLength(1);
    expect(await queued()).toEqual([]);
  });
});

describe('the audit keys', () => {
  test('begin with one whose fingerprint is logged once, and is the one that the keyring names', async () => {
    const fresh = await auditDatabase();
    const logger = recordingLogger();
    await fresh.sealer({ logger }).load();
    await fresh.sealer({ logger }).load();
    expect(logger.lines).toEqual([
      {
        level: 'info',
        message: expect.stringContaining('root of trust'),
        facts: { key: 'a1', fingerprint: fresh.keyring.auditRoot },
      },
    ]);
    await fresh.close();
  });

  test('begin with the root of trust, and a new one is introduced by the one before in a batch that it signed', async () => {
    const keyring = rotated('audit', 'a2');
    await db.sealer({ keyring }).step();
    const introducing = await newest();
    const keys = await trusted();
    expect([...keys.ids]).toEqual(['a1', 'a2']);
    expect(introducing?.auditKeyId).toBe('a1');
    const [event] = await db.database.query(
      `SELECT id, subject_id FROM audit_events WHERE type = 'audit_key.introduced' ORDER BY at DESC, id DESC LIMIT 1`,
    );
    expect(event.subject_id).toBe('a2');
    expect((await positions([event.id]))[0]?.sealId).toBe(introducing?.id);
    await record();
    await db.sealer({ keyring }).step();
    const after = await newest();
    expect(after?.auditKeyId).toBe('a2');
    expect(readHead(after?.head ?? '', keys)?.seal).toBe(after?.id);
  });

  test('of another keyring are refused at the start, and nothing is written', async () => {
    const before = await newest();
    await expect(db.sealer({ keyring: keyringOf('another') }).load()).rejects.toThrow('not the root of trust');
    expect(await newest()).toEqual(before);
  });
});
