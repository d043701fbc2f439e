import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dataSourceOptions } from '../../ormconfig.ts';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.ts';
import type { Actor, AuditEvent } from '../../src/audit/audit-event.ts';
import { isCommittedTo } from '../../src/audit/commitment.ts';
import { toName } from '../../src/audit/event-details.ts';
import { verifyMac } from '../../src/audit/event-mac.ts';
import { open, SealBroken } from '../../src/crypto/sealed.ts';
import { openDatabase } from '../../src/platform/database.ts';
import type { RoleId, SessionId } from '../../src/platform/ids.ts';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';

const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;
const request = {
  requestId: 'request-1',
  operationName: 'Login',
  origin: { ip: '192.0.2.7', userAgent: 'Firefox on Windows' },
};
const anonymous: Actor = { kind: 'ANONYMOUS', request };
const loggedOut = (by: Actor): AuditEvent => ({ type: 'session.ended', by, details: { session } });
const originPlace = (rowId: string) => ({ table: 'audit_events', column: 'origin', rowId });
const subjectPlace = (rowId: string) => ({ table: 'audit_events', column: 'subject_data', rowId });

function present<T>(value: T | null): T {
  if (value === null) throw new Error('The row lacks it');
  return value;
}

let db: AuditDatabase;
beforeAll(async () => {
  db = await auditDatabase();
});
afterAll(() => db.close());

async function record(event: AuditEvent): Promise<AuditEventEntity> {
  const id = await db.database.transaction((tx) => db.trail.record(tx, event));
  return db.database.getRepository(AuditEventEntity).findOneByOrFail({ id });
}

const count = async (table: 'audit_events' | 'audit_unsealed') =>
  Number((await db.database.query(`SELECT count(*) FROM ${table}`))[0].count);

describe('an event that was recorded', () => {
  test('stands in its table with its MAC, and in the sealer’s queue', async () => {
    const { userId, key } = await addUser(db);
    const row = await record({ ...loggedOut({ kind: 'USER', id: userId, key, request }), subjectId: userId });
    expect(row).toMatchObject({
      format: 1,
      at: db.clock.now(),
      type: 'session.ended',
      outcome: 'SUCCESS',
      actorKind: 'USER',
      actorId: userId,
      subjectId: userId,
      operationName: 'Login',
      requestId: 'request-1',
      node: 'node-1',
      details: { session },
      auditKeyId: 'a1',
    });
    expect(verifyMac(db.keyring, row)).toBe('INTACT');
    expect(await db.database.query('SELECT event_id FROM audit_unsealed WHERE event_id = $1', [row.id])).toHaveLength(
      1,
    );
  });

  test.each<[string, AuditEvent]>([
    [
      'without a request',
      { type: 'signing_key.created', by: { kind: 'SYSTEM' }, subjectId: toName('k-1'), details: { alg: 'EdDSA' } },
    ],
    [
      'of an operator',
      {
        type: 'user.created',
        by: { kind: 'OPERATOR', id: toName('command-line') },
        details: { roles: [], verified: true },
      },
    ],
    [
      'with lists and many kinds of details',
      {
        type: 'session.created',
        by: anonymous,
        details: { session, delivery: 'BODY', factors: ['pwd', 'otp', 'mfa'], knownDevice: true },
      },
    ],
  ])('%s reads back from the database with the MAC it was written with', async (_, event) => {
    expect(verifyMac(db.keyring, await record(event))).toBe('INTACT');
  });

  test('shows nothing personal to a reader of the table', async () => {
    const address = 'nobody@example.com';
    await record({
      type: 'login.failed',
      by: anonymous,
      details: { reason: 'UNKNOWN_ADDRESS' },
      personal: { address },
    });
    const dump = JSON.stringify(await db.database.query('SELECT e::text FROM audit_events e'));
    for (const value of [address, request.origin.ip, request.origin.userAgent]) {
      expect(dump).not.toContain(value);
      expect(dump).not.toContain(Buffer.from(value).toString('hex'));
    }
  });

  test('keeps what a client chose within bounds, and loses no event for it', async () => {
    const strange = {
      requestId: 'a b\n',
      operationName: 'x'.repeat(500),
      origin: { ip: '::1', userAgent: `\ud800${'y'.repeat(9_999)}` },
    };
    const row = await record(loggedOut({ kind: 'ANONYMOUS', request: strange }));
    expect(row).toMatchObject({ requestId: null, operationName: null });
    const key = await db.dayKeys.getToday(db.database.manager, 'DAYS_30');
    const { value } = open(key, originPlace(row.id), present(row.origin));
    expect(value.userAgent).toHaveLength(512);
    expect(verifyMac(db.keyring, row)).toBe('INTACT');
  });
});

describe('a change and its event', () => {
  test('are both gone when the transaction is rolled back', async () => {
    const before = [await count('audit_events'), await count('audit_unsealed')];
    const work = db.database.transaction(async (tx) => {
      await db.trail.record(tx, loggedOut(anonymous));
      throw new Error('the change failed');
    });
    await expect(work).rejects.toThrow('the change failed');
    expect([await count('audit_events'), await count('audit_unsealed')]).toEqual(before);
  });

  test('are both gone when the event cannot be written', async () => {
    const { userId } = await addUser(db);
    const work = db.database.transaction(async (tx) => {
      await tx.query(`UPDATE users SET status = 'DISABLED' WHERE id = $1`, [userId]);
      await db.trail.record(tx, { ...loggedOut(anonymous), details: { session: 'x' } } as unknown as AuditEvent);
    });
    await expect(work).rejects.toThrow(TypeError);
    expect(await db.database.query('SELECT status FROM users WHERE id = $1', [userId])).toEqual([{ status: 'ACTIVE' }]);
  });
});

describe('where somebody came from is sealed', () => {
  test('under the actor’s data key, and erased with it', async () => {
    const { userId, key } = await addUser(db);
    const row = await record(loggedOut({ kind: 'USER', id: userId, key, request }));
    expect([row.originKeyKind, row.originKeyId]).toEqual(['DATA', key.id]);
    const committed = open(key, originPlace(row.id), present(row.origin));
    expect(committed.value).toEqual(request.origin);
    expect(isCommittedTo(row.originCommitment ?? Buffer.alloc(0), committed)).toBe(true);
    const { key: another } = await addUser(db);
    expect(() => open(another, originPlace(row.id), present(row.origin))).toThrow(SealBroken);
  });

  test('under the key of the day for somebody not logged in', async () => {
    const row = await record(loggedOut(anonymous));
    const day = await db.dayKeys.getToday(db.database.manager, 'DAYS_30');
    expect([row.originKeyKind, row.originKeyId]).toEqual(['DAY', day.id]);
    expect(open(day, originPlace(row.id), present(row.origin)).value).toEqual(request.origin);
  });

  test('for a use of power over others, under a key that lives as long as the trail', async () => {
    const { userId, key } = await addUser(db);
    const role = '01930000-0000-7000-8000-000000000004' as RoleId;
    const row = await record({
      type: 'role.assigned',
      by: { kind: 'USER', id: userId, key, request },
      details: { role },
    });
    const trailKey = await db.dayKeys.getToday(db.database.manager, 'AUDIT_TRAIL');
    expect([row.originKeyKind, row.originKeyId]).toEqual(['DAY', trailKey.id]);
    expect(trailKey.id).not.toBe((await db.dayKeys.getToday(db.database.manager, 'DAYS_30')).id);
  });

  test('so that it opens in no other row and column', async () => {
    const { userId, key } = await addUser(db);
    const by: Actor = { kind: 'USER', id: userId, key, request };
    const [one, other] = [await record(loggedOut(by)), await record(loggedOut(by))];
    expect(() => open(key, originPlace(other.id), present(one.origin))).toThrow(SealBroken);
    expect(() => open(key, subjectPlace(one.id), present(one.origin))).toThrow(SealBroken);
  });
});

describe('what is personal about a subject is sealed', () => {
  test('under the subject’s key, not the actor’s', async () => {
    const [actor, subject] = [await addUser(db), await addUser(db)];
    const row = await record({
      type: 'email.changed',
      by: { kind: 'USER', id: actor.userId, key: actor.key, request },
      subjectId: subject.userId,
      subjectKey: subject.key,
      details: { endedSessions: 2 },
      personal: { address: 'old@example.com' },
    });
    expect([row.subjectKeyKind, row.subjectKeyId]).toEqual(['DATA', subject.key.id]);
    const committed = open(subject.key, subjectPlace(row.id), present(row.subjectData));
    expect(committed.value).toEqual({ address: 'old@example.com' });
    expect(isCommittedTo(row.subjectCommitment ?? Buffer.alloc(0), committed)).toBe(true);
    expect(() => open(actor.key, subjectPlace(row.id), present(row.subjectData))).toThrow(SealBroken);
  });

  test('under the key of the day where nobody has the address', async () => {
    const row = await record({
      type: 'login.failed',
      by: anonymous,
      details: { reason: 'UNKNOWN_ADDRESS' },
      personal: { address: 'nobody@example.com' },
    });
    const day = await db.dayKeys.getToday(db.database.manager, 'DAYS_30');
    expect([row.subjectKeyKind, row.subjectKeyId]).toEqual(['DAY', day.id]);
  });
});

describe('a hostile writer of the table', () => {
  const asOwner = async <T>(work: (query: (sql: string, parameters?: unknown[]) => Promise<T>) => Promise<T>) => {
    const owner = await openDatabase(dataSourceOptions, { url: db.clone.ownerUrl, pool: 1 });
    try {
      return await work((sql, parameters) => owner.query(sql, parameters));
    } finally {
      await owner.destroy();
    }
  };

  test('as the server’s role cannot change, delete or empty', async () => {
    const { id } = await record(loggedOut(anonymous));
    for (const sql of [
      `UPDATE audit_events SET node = 'x' WHERE id = '${id}'`,
      `DELETE FROM audit_events WHERE id = '${id}'`,
      'TRUNCATE audit_events CASCADE',
    ]) {
      await expect(db.database.query(sql)).rejects.toThrow(/permission denied/);
    }
  });

  test.each([
    ['type', `'session.created'`],
    ['at', `at + interval '1 ms'`],
    ['outcome', `'FAILED'`],
    ['actor_id', 'NULL'],
    ['subject_id', `'x'`],
    ['node', `'node-2'`],
    ['details', `details || '{"session": "019364a1-7c3a-7000-8000-00000000000d"}'`],
    ['origin_commitment', `'\\x00'`],
    ['mac', `'\\x00'`],
  ])('with the triggers off is found out when the %s changes', async (column, value) => {
    const { userId, key } = await addUser(db);
    const { id } = await record({ ...loggedOut({ kind: 'USER', id: userId, key, request }), subjectId: userId });
    await asOwner(async (query) => {
      await query('ALTER TABLE audit_events DISABLE TRIGGER USER');
      await query(`UPDATE audit_events SET ${column} = ${value} WHERE id = $1`, [id]);
      await query('ALTER TABLE audit_events ENABLE TRIGGER USER');
    });
    const row = await db.database.getRepository(AuditEventEntity).findOneByOrFail({ id });
    expect(verifyMac(db.keyring, row)).toBe('BROKEN');
  });

  test('who copies an event under another id is found out', async () => {
    const { id } = await record(loggedOut(anonymous));
    const copy = '019364a1-7c3a-7000-8000-0000000000ff';
    await db.database.query(
      `INSERT INTO audit_events SELECT (jsonb_populate_record(e, '{"id": "${copy}"}')).* FROM audit_events e WHERE id = $1`,
      [id],
    );
    const row = await db.database.getRepository(AuditEventEntity).findOneByOrFail({ id: copy });
    expect(verifyMac(db.keyring, row)).toBe('BROKEN');
  });
});
