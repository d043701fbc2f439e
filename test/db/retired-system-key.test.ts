import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Name, toName } from '../../src/audit/event-details.ts';
import { findReplacedAt } from '../../src/keys/key-activations.ts';
import { RESET } from '../support/account-acts.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { nextBeats } from '../support/beats.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type CommandOutcome, runInTerminal, settingsBeside } from '../support/terminal.ts';

describe('keys retire of a system key', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await server.signUp('ada@example.com');
    await server.signUp('bob@example.com');
  });
  afterAll(() => server.stop());

  const gatehouse = (typed: string) => runInTerminal(typed.split(' '), settingsBeside(server.shared));
  /** Runs it again until no server stands in its way: they read a changed keyring within seconds. */
  async function eventually(typed: string): Promise<CommandOutcome> {
    for (;;) {
      const outcome = await gatehouse(typed);
      if (!/do not have the|is still the active one of/.test(outcome.err)) return outcome;
      await nextBeats(server);
    }
  }
  async function rotate(): Promise<void> {
    expect((await gatehouse('keys add --system')).code).toBe(0);
    expect((await eventually('keys rotate --system')).code).toBe(0);
    expect((await eventually('keys rewrap --system')).code).toBe(0);
  }
  async function askForReset(email: string): Promise<string> {
    const mails = server.mails.to(email).length;
    await server.anyone.send(`mutation { requestPasswordReset(input: { email: "${email}" }) { accepted } }`);
    return server.mails.token(email, mails + 1);
  }
  const reset = (token: string) =>
    server.anyone.send(RESET, { input: { token, newPassword: 'another horse battery staple' } });

  test('waits for the mailed tokens that it may have made, and for none of a later day', async () => {
    const token = await askForReset('ada@example.com');
    await rotate();
    server.clock.advanceSeconds(300);
    const later = await askForReset('bob@example.com');
    const { code, err } = await eventually('keys retire s1');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/"s1" may have made are still good: 1, the last until \d{4}-[-\dT:.]+Z\. .*--now/),
    ]);
    expect((await reset(token)).code).toBeUndefined();
    expect((await gatehouse('keys retire s1')).code).toBe(0);
    expect((await reset(later)).code).toBeUndefined();
  });

  test('waits for none where it has leaked, and then voids them', async () => {
    // Back at the time that the commands go by.
    server.clock.advanceSeconds(-300);
    const token = await askForReset('ada@example.com');
    await rotate();
    expect((await eventually('keys retire s2')).code).toBe(1);
    expect((await gatehouse('keys retire s2 --now')).code).toBe(0);
    const { code, err } = await gatehouse('keys add --pepper');
    expect([code, err]).toEqual([0, expect.stringContaining('"p2"')]);
    // The server holds p2 as soon as it has read a keyring without s2.
    expect((await eventually('keys rotate --pepper')).code).toBe(0);
    expect((await reset(token)).code).toBe('INVALID_TOKEN');
  });

  test('has --now for nothing else', async () => {
    expect((await gatehouse('keys retire p1 --now')).code).toBe(2);
  });
});

describe('when another key took over', () => {
  let db: AuditDatabase;
  beforeAll(async () => {
    db = await auditDatabase();
  });
  afterAll(() => db.close());

  const activate = async (id: Name, purpose: 'system' | 'pepper' = 'system') => {
    db.clock.advanceSeconds(60);
    const at = db.clock.now();
    const by = { kind: 'SYSTEM' } as const;
    const event = await db.trail.record(db.database.manager, {
      type: 'key.activated',
      by,
      subjectId: id,
      details: { purpose },
    });
    return { at, event };
  };
  const replaced = (id: string) => findReplacedAt(db.database.manager, db.keyring, { purpose: 'system', id });

  test('is told by the trail: the first after its own time, whichever follow', async () => {
    expect(await replaced('s1')).toBeUndefined();
    const second = await activate(toName('s2'));
    await activate(toName('s3'), 'pepper');
    const third = await activate(toName('s3'));
    expect([await replaced('s1'), await replaced('s2'), await replaced('s3')]).toEqual([
      second.at,
      third.at,
      undefined,
    ]);
    await activate(toName('s1'));
    const fourth = await activate(toName('s4'));
    expect(await replaced('s1')).toEqual(fourth.at);
  });

  test('is told by no event that somebody made up or changed', async () => {
    const { event } = await activate(toName('s5'));
    await db.clone.asHostile(`UPDATE audit_events SET at = at + interval '1 second' WHERE id = $1`, [event]);
    expect(await replaced('s4')).toBeUndefined();
  });
});
