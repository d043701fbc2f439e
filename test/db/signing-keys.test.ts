import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PUBLISHED_SECONDS } from '../../src/sessions/signing-key-schedule.ts';
import { SigningKeys } from '../../src/sessions/signing-keys.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { silentLogger } from '../support/silent-logger.ts';

const ROTATE_SECONDS = 30 * 86_400;
const OPERATOR = { kind: 'SYSTEM' } as const;

let db: AuditDatabase;
beforeEach(async () => {
  db = await auditDatabase();
});
afterEach(() => db.close());

/** One server's signing keys. */
async function node(): Promise<SigningKeys> {
  const keys = new SigningKeys({
    ...db,
    audit: db.trail,
    logger: silentLogger,
    algorithm: 'EdDSA',
    rotateSeconds: ROTATE_SECONDS,
  });
  await keys.load();
  return keys;
}

async function untilDone(keys: SigningKeys): Promise<void> {
  while (await keys.step());
}

const published = (keys: SigningKeys) => keys.jwks().keys.map(({ kid }) => kid);
const statesNow = async () => {
  const rows = await db.database.query<{ state: string }[]>('SELECT state FROM signing_keys');
  return rows.map(({ state }) => state).sort();
};

describe('the signing keys of several servers', () => {
  test('are one, however many start at once on a new database', async () => {
    const nodes = await Promise.all(Array.from({ length: 6 }, node));
    expect(new Set(nodes.map((each) => each.keySet.current.kid)).size).toBe(1);
    expect((await statesNow()).filter((state) => state === 'CURRENT')).toHaveLength(1);
  });

  test('rotate by themselves: at no time does one sign that a cached set of the other lacks', async () => {
    const [one, two] = [await node(), await node()];
    const first = one.keySet.current.kid;
    const signers = new Set<string>();
    // What a verifier holds that fetched the set as late as its cache allows it to.
    let cached = published(two);
    const lifeTimes = 3;
    for (let seconds = 0; seconds < lifeTimes * ROTATE_SECONDS; seconds += 7_200) {
      for (const wait of [0, 300]) {
        db.clock.advanceSeconds(wait === 0 ? 6_900 : wait);
        for (const each of [one, two]) expect(cached).toContain(each.keySet.current.kid);
        await untilDone(one);
        await untilDone(two);
        signers.add(two.keySet.current.kid);
        expect(one.keySet.current.kid).toBe(two.keySet.current.kid);
        expect(cached).toContain(one.keySet.current.kid);
        cached = published(two);
      }
    }
    expect(signers.size).toBeGreaterThanOrEqual(lifeTimes);
    expect(published(one)).not.toContain(first);
  });

  test('rotate once when all come to it at once', async () => {
    const nodes = await Promise.all(Array.from({ length: 6 }, node));
    await Promise.all(nodes.map(untilDone));
    expect(await statesNow()).toEqual(['CURRENT', 'NEXT']);
    db.clock.advanceSeconds(ROTATE_SECONDS);
    for (let round = 0; round < 3; round += 1) await Promise.all(nodes.map(untilDone));
    expect(await statesNow()).toEqual(['CURRENT', 'NEXT', 'RETIRED']);
    expect(new Set(nodes.map((each) => each.keySet.current.kid)).size).toBe(1);
  });

  test('go on being published after they signed, until no token of theirs can be left', async () => {
    const keys = await node();
    const first = keys.keySet.current.kid;
    await untilDone(keys);
    db.clock.advanceSeconds(ROTATE_SECONDS);
    await untilDone(keys);
    expect(keys.keySet.current.kid).not.toBe(first);
    db.clock.advanceSeconds(3_600);
    await untilDone(keys);
    expect(published(keys)).toContain(first);
    db.clock.advanceSeconds(300);
    await untilDone(keys);
    expect(published(keys)).not.toContain(first);
  });
});

describe('a rotation by hand', () => {
  test('waits until verifiers know the next key', async () => {
    const keys = await node();
    await untilDone(keys);
    await expect(keys.promote(OPERATOR)).rejects.toThrow(/not published for long enough/);
    db.clock.advanceSeconds(PUBLISHED_SECONDS);
    const id = await keys.promote(OPERATOR);
    await untilDone(keys);
    expect(keys.keySet.current.kid).toBe(id);
  });

  test('for an incident leaves no key that was there, published or not', async () => {
    const keys = await node();
    await untilDone(keys);
    const before = published(keys);
    const id = await keys.replaceAll(OPERATOR);
    await untilDone(keys);
    expect(published(keys)).toHaveLength(2);
    expect(keys.keySet.current.kid).toBe(id);
    expect(published(keys).filter((kid) => before.includes(kid))).toEqual([]);
    const events = await db.database.query("SELECT subject_id FROM audit_events WHERE type = 'signing_key.revoked'");
    expect(events.map(({ subject_id }: { subject_id: string }) => subject_id).sort()).toEqual([...before].sort());
  });
});
