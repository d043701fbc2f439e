import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MailKind } from '../../src/mail/mail-kinds.ts';
import { MailOutbox } from '../../src/mail/mail-outbox.ts';
import type { MailTransport, OutgoingMail } from '../../src/mail/mail-transport.ts';
import { makeSmtpTransport } from '../../src/mail/smtp-transport.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { Secret } from '../../src/platform/secret.ts';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

const TOKEN = `${'A'.repeat(22)}.${'b-_'.repeat(14)}b`;
const mail = { kind: 'verify-email', to: 'anna@example.com', locale: 'en', token: TOKEN, validSeconds: 60 } as const;

let db: AuditDatabase;
let logger: ReturnType<typeof recordingLogger>;
beforeEach(async () => {
  db = await auditDatabase();
  logger = recordingLogger();
});
afterEach(() => db.close());

/** A transport that keeps what it is given, or fails while `fails` says so. */
function keepingTransport() {
  const sent: OutgoingMail[] = [];
  const state = { fails: false, sent, closed: 0 };
  const transport: MailTransport = {
    send: async (outgoing) => {
      if (state.fails) throw Object.assign(new Error('550 no anna@example.com here'), { code: 'EENVELOPE' });
      sent.push(outgoing);
    },
    close: async () => {
      state.closed += 1;
    },
  };
  return { ...state, state, transport };
}

const makeOutbox = (transport: MailTransport) =>
  new MailOutbox({ ...db, audit: db.trail, random: systemRandom, logger, transport, appUrl: 'http://localhost:4000' });

interface MailRow {
  id: string;
  attempts: number;
  next_attempt_at: Date;
  claimed_until: Date | null;
}
const mailRows = (): Promise<MailRow[]> => db.database.query('SELECT * FROM mails ORDER BY created_at, id');

async function enqueue(outbox: MailOutbox, count = 1) {
  const owner = await addUser(db);
  await db.database.transaction(async (tx) => {
    for (let index = 0; index < count; index += 1) await outbox.enqueue(tx, mail, owner);
  });
  return owner;
}

async function sendAll(outbox: MailOutbox) {
  while (await outbox.sendDue());
}

describe('a mail', () => {
  test('is sent after its transaction, and its row deleted', async () => {
    const { transport, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    await enqueue(outbox);
    expect(await mailRows()).toHaveLength(1);
    await sendAll(outbox);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.content).toMatchObject({ to: 'anna@example.com', subject: 'Verify your e-mail address' });
    expect(await mailRows()).toEqual([]);
  });

  test('is never sent when its transaction is rolled back', async () => {
    const { transport, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    const owner = await addUser(db);
    const work = db.database.transaction(async (tx) => {
      await outbox.enqueue(tx, mail, owner);
      throw new Error('rolled back');
    });
    await expect(work).rejects.toThrow('rolled back');
    await sendAll(outbox);
    expect(sent).toEqual([]);
  });

  test('that waits shows nothing to a reader of the table', async () => {
    await enqueue(makeOutbox(keepingTransport().transport));
    const dump = JSON.stringify(await db.database.query('SELECT m::text FROM mails m'));
    for (const value of ['anna@example.com', TOKEN, 'Verify']) {
      expect(dump).not.toContain(value);
      expect(dump).not.toContain(Buffer.from(value).toString('hex'));
    }
  });

  test('goes out once, however many senders look at once', async () => {
    const { transport, sent } = keepingTransport();
    const senders = Array.from({ length: 6 }, () => makeOutbox(transport));
    await enqueue(senders[0] ?? makeOutbox(transport), 40);
    await Promise.all(senders.map(sendAll));
    expect(sent).toHaveLength(40);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(40);
  });

  test('with an address that would break a header is refused before it is written', async () => {
    const outbox = makeOutbox(keepingTransport().transport);
    const hostile = { ...mail, to: 'anna@example.com\r\nBcc: eve@example.com' };
    await expect(db.database.transaction((tx) => outbox.enqueue(tx, hostile))).rejects.toThrow(TypeError);
    expect(await mailRows()).toEqual([]);
  });

  test('to somebody whose account is gone waits under the key of the day', async () => {
    const { transport, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    await db.database.transaction((tx) => outbox.enqueue(tx, { ...mail, kind: 'password-changed' satisfies MailKind }));
    await sendAll(outbox);
    expect(sent).toHaveLength(1);
  });
});

describe('a mail that no server takes', () => {
  test('stays, and is tried again after 1, 2, 4 … seconds, an hour at most', async () => {
    const { transport, state, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    await enqueue(outbox);
    state.fails = true;
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 14; attempt += 1) {
      await sendAll(outbox);
      const [row] = await mailRows();
      expect(row).toMatchObject({ attempts: attempt, claimed_until: null });
      const waitMs = (row?.next_attempt_at.getTime() ?? 0) - db.clock.now().getTime();
      waits.push(waitMs / 1_000);
      await sendAll(outbox);
      expect((await mailRows())[0]?.attempts).toBe(attempt);
      db.clock.advanceSeconds(waitMs / 1_000);
    }
    waits.forEach((seconds, index) => {
      const planned = Math.min(2 ** index, 3_600);
      expect(seconds).toBeGreaterThanOrEqual(planned);
      expect(seconds).toBeLessThanOrEqual(planned * 1.25);
    });
    state.fails = false;
    await sendAll(outbox);
    expect(sent).toHaveLength(1);
  });

  test('is given up after three days, with an event and a line that name nobody', async () => {
    const { transport, state, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    const { userId } = await enqueue(outbox);
    state.fails = true;
    await sendAll(outbox);
    db.clock.advanceSeconds(3 * 86_400 + 1);
    await sendAll(outbox);
    expect(await mailRows()).toEqual([]);
    const events = await db.database.query('SELECT type, outcome, subject_id, details FROM audit_events');
    expect(events).toEqual([
      {
        type: 'mail.abandoned',
        outcome: 'FAILED',
        subject_id: userId,
        details: { mail: expect.any(String), reason: 'TOO_OLD', attempts: 2 },
      },
    ]);
    expect(logger.lines.at(-1)?.level).toBe('error');
    expect(sent).toEqual([]);
  });

  test('leaves no address and no token in the log', async () => {
    const { transport, state } = keepingTransport();
    const outbox = makeOutbox(transport);
    await enqueue(outbox);
    state.fails = true;
    await sendAll(outbox);
    expect(logger.lines).toHaveLength(1);
    expect(JSON.stringify(logger.lines)).not.toMatch(/anna|example\.com|bb-_/);
  });

  test('does not hold up the others', async () => {
    const { transport, sent } = keepingTransport();
    await enqueue(makeOutbox(transport), 3);
    const rows = await mailRows();
    const picky: MailTransport = {
      ...transport,
      send: async (outgoing) => {
        if (outgoing.id === rows[0]?.id) throw new Error('refused');
        await transport.send(outgoing);
      },
    };
    await sendAll(makeOutbox(picky));
    const idsOf = (mails: readonly { id: string }[]) => mails.map(({ id }) => id).sort();
    expect(idsOf(sent)).toEqual(idsOf(rows.slice(1)));
  });
});

describe('a sender that dies', () => {
  test('loses nothing: its claim runs out and another sends', async () => {
    const { transport, sent } = keepingTransport();
    const hanging: MailTransport = { send: () => new Promise(() => {}), close: async () => {} };
    const dying = makeOutbox(hanging);
    await enqueue(dying);
    // Its deadline passes long after this test.
    void dying.sendDue().catch(() => undefined);
    while ((await mailRows())[0]?.claimed_until === null) await new Promise((done) => setImmediate(done));
    const other = makeOutbox(transport);
    await sendAll(other);
    expect(sent).toEqual([]);
    db.clock.advanceSeconds(60);
    await sendAll(other);
    expect(sent).toHaveLength(1);
    expect(await mailRows()).toEqual([]);
  });
});

describe('a mail that cannot be opened', () => {
  test('goes when its person was erased', async () => {
    const { transport, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    const { userId } = await enqueue(outbox);
    await db.database.query('DELETE FROM data_keys WHERE user_id = $1', [userId]);
    await sendAll(outbox);
    expect(sent).toEqual([]);
    expect(await mailRows()).toEqual([]);
  });

  test('goes, and is told, when it was moved to another row or changed', async () => {
    const { transport, sent } = keepingTransport();
    const outbox = makeOutbox(transport);
    await enqueue(outbox, 2);
    await db.database.query(
      'UPDATE mails SET content = (SELECT content FROM mails ORDER BY id LIMIT 1) WHERE id = (SELECT id FROM mails ORDER BY id DESC LIMIT 1)',
    );
    await sendAll(outbox);
    expect(sent).toHaveLength(1);
    expect(logger.lines.map(({ message }) => message)).toContain(
      'a sealed mail does not open: it was changed or moved',
    );
    const events = await db.database.query('SELECT details FROM audit_events');
    expect(events).toMatchObject([{ details: { reason: 'UNREADABLE' } }]);
  });
});

describe('the outbox as it runs', () => {
  test('sends when woken, by a real mail server, and stops', async () => {
    const server = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
    const url = new Secret(`smtp://127.0.0.1:${server.port}`);
    const outbox = makeOutbox(makeSmtpTransport({ url, from: 'no-reply@example.org', clock: db.clock }));
    outbox.start();
    await enqueue(outbox, 3);
    outbox.wake();
    while ((await mailRows()).length > 0) await new Promise((done) => setTimeout(done, 10));
    await outbox.stop();
    await server.stop();
    expect(server.mails.map(({ to }) => to)).toEqual(Array.from({ length: 3 }, () => ['anna@example.com']));
  });

  test('sends, once the server is back, what a dead one could not take', async () => {
    const first = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
    await first.stop();
    const url = new Secret(`smtp://127.0.0.1:${first.port}`);
    const outbox = makeOutbox(makeSmtpTransport({ url, from: 'no-reply@example.org', clock: db.clock }));
    await enqueue(outbox, 2);
    await sendAll(outbox);
    expect(await mailRows()).toHaveLength(2);
    const server = await startSmtpServer({ disabledCommands: ['STARTTLS'], port: first.port });
    db.clock.advanceSeconds(2);
    await sendAll(outbox);
    await server.stop();
    expect(server.mails).toHaveLength(2);
    expect(await mailRows()).toEqual([]);
  });

  test('stops in time though a server hangs, and keeps the mail', async () => {
    const hanging: MailTransport = { send: () => new Promise(() => {}), close: async () => {} };
    const outbox = makeOutbox(hanging);
    await enqueue(outbox);
    outbox.start();
    while ((await mailRows())[0]?.claimed_until === null) await new Promise((done) => setImmediate(done));
    await outbox.stop(20);
    expect(await mailRows()).toHaveLength(1);
  });
});
