import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CleanUp, type CleanUpJob } from '../../src/platform/clean-up.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { takeWorkLock } from '../../src/platform/work-lock.repository.ts';
import { endedDevices, endedSessions } from '../../src/sessions/session-clean-up.ts';
import { endedMailTokens } from '../../src/users/mail-token-clean-up.ts';
import { type AuditDatabase, addUser, auditDatabase } from '../support/audit-database.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { silentLogger } from '../support/silent-logger.ts';

const KEEP_SECONDS = 600;
const HOUR_SECONDS = 3_600;

let db: AuditDatabase;
let userId: string;
beforeEach(async () => {
  db = await auditDatabase();
  ({ userId } = await addUser(db));
});
afterEach(() => db.close());

const at = (seconds: number) => new Date(db.clock.now().getTime() + seconds * 1000);

/** Each kind of row with what makes one, ending by time at `expires` and before it at `ended`, both in seconds from now. */
const KINDS = [
  {
    table: 'sessions',
    job: endedSessions(KEEP_SECONDS),
    insert: `INSERT INTO sessions (id, user_id, refresh_key, rotated_at, delivery, factors, created_at, last_seen_at, authenticated_at, expires_at, revoked_at)
      VALUES ($1, $2, '', $3, 'BODY', '{pwd}', $3, $3, $3, $4, $5)`,
  },
  {
    table: 'devices',
    job: endedDevices(KEEP_SECONDS),
    insert: 'INSERT INTO devices (id, user_id, created_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5)',
  },
  {
    table: 'one_time_tokens',
    job: endedMailTokens(KEEP_SECONDS),
    insert: `INSERT INTO one_time_tokens (id, user_id, purpose, hash, mail_token_version, created_at, expires_at, used_at)
      VALUES ($1, $2, 'REVERT_EMAIL', '', 1, $3, $4, $5)`,
  },
] as const;
type Kind = (typeof KINDS)[number];

async function add({ insert }: Kind, expires: number, ended: number | null = null): Promise<string> {
  const id = randomUUID();
  const row = [id, userId, at(-100 * HOUR_SECONDS), at(expires), ended === null ? null : at(ended)];
  await db.database.query(insert, row);
  return id;
}

const idsOf = async ({ table }: Kind): Promise<string[]> =>
  (await db.database.query<{ id: string }[]>(`SELECT id FROM ${table}`)).map(({ id }) => id);

const cleanUp = (jobs: readonly CleanUpJob[], { batch = 500, logger = silentLogger as Logger } = {}) =>
  new CleanUp({ ...db, logger, jobs, everySeconds: HOUR_SECONDS, batch });

/** Steps until the round is over; how many it took. */
async function round(worker: CleanUp): Promise<number> {
  for (let steps = 1; ; steps += 1) if (!(await worker.step())) return steps;
}

describe.each(KINDS)('of $table', (kind) => {
  test('what ended long enough ago goes, by time or before it; what is live or ended of late stays', async () => {
    await add(kind, -KEEP_SECONDS);
    await add(kind, HOUR_SECONDS, -KEEP_SECONDS);
    await add(kind, -HOUR_SECONDS, -2 * HOUR_SECONDS);
    const stays = [
      await add(kind, HOUR_SECONDS),
      await add(kind, -KEEP_SECONDS + 0.001),
      await add(kind, HOUR_SECONDS, -KEEP_SECONDS + 0.001),
    ];
    await round(cleanUp([kind.job]));
    expect((await idsOf(kind)).sort()).toEqual(stays.sort());
    // Once more: nothing is left to do, and nothing else goes.
    await round(cleanUp([kind.job]));
    expect(await idsOf(kind)).toHaveLength(3);
  });

  test('a batch takes no more rows than its limit, the longest ended first', async () => {
    const younger = await add(kind, -2 * HOUR_SECONDS);
    await add(kind, -3 * HOUR_SECONDS);
    await add(kind, HOUR_SECONDS, -4 * HOUR_SECONDS);
    const delete2 = () => db.database.transaction((tx) => kind.job.deleteBatch(tx, db.clock.now(), 2));
    expect(await delete2()).toBe(2);
    expect(await idsOf(kind)).toEqual([younger]);
    expect(await delete2()).toBe(1);
    expect(await delete2()).toBe(0);
  });

  test('a row that somebody holds is left to the next round, and nobody waits for it', async () => {
    const held = await add(kind, -HOUR_SECONDS);
    await add(kind, -HOUR_SECONDS);
    await db.database.transaction(async (tx) => {
      await tx.query(`SELECT 1 FROM ${kind.table} WHERE id = $1 FOR UPDATE`, [held]);
      await round(cleanUp([kind.job]));
      expect(await idsOf(kind)).toEqual([held]);
    });
    await round(cleanUp([kind.job]));
    expect(await idsOf(kind)).toEqual([]);
  });

  test('its rows are found by an index: a large table is not read through for them', async () => {
    const plan = await db.database.transaction(async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off');
      const lines: Record<string, string>[] = [];
      const explaining = {
        query: async (sql: string, values: unknown[]) => {
          lines.push(...(await tx.query(`EXPLAIN ${sql}`, values)));
          return [[], 0];
        },
      };
      await kind.job.deleteBatch(explaining as unknown as typeof tx, db.clock.now(), 10);
      return lines.map((line) => line['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain(`Index Scan using ${kind.table}_ended_idx`);
    expect(plan).not.toMatch(/\bSort\b/);
  });
});

describe('a round', () => {
  const [sessions, devices, tokens] = KINDS;
  const addMany = async (kind: Kind, count: number) => {
    for (let index = 0; index < count; index += 1) await add(kind, -HOUR_SECONDS);
  };

  test('takes a batch at a time until nothing is left, of each job in turn', async () => {
    await addMany(sessions, 5);
    await addMany(tokens, 4);
    // 2 + 2 + 1 sessions, no device, 2 + 2 + 0 tokens.
    expect(await round(cleanUp([sessions.job, devices.job, tokens.job], { batch: 2 }))).toBe(7);
    expect([await idsOf(sessions), await idsOf(tokens)]).toEqual([[], []]);
  });

  test('a job that fails does not stop the others, is logged without a value, and is tried again in the next round', async () => {
    await addMany(tokens, 1);
    const logger = recordingLogger();
    const failing: CleanUpJob = {
      name: 'failing',
      deleteBatch: async (tx) => tx.query(`SELECT $1::uuid`, ['not a uuid, but a secret']),
    };
    const worker = cleanUp([failing, tokens.job], { logger });
    await round(worker);
    expect(await idsOf(tokens)).toEqual([]);
    await round(worker);
    const errors = logger.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ facts }) => [facts['what'], facts['code']])).toEqual([
      ['failing', '22P02'],
      ['failing', '22P02'],
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('secret');
  });

  test('is left to the node that is at it', async () => {
    await addMany(devices, 1);
    const worker = cleanUp([devices.job]);
    await db.database.transaction(async (tx) => {
      await takeWorkLock(tx, 'clean-up');
      expect(await round(worker)).toBe(1);
      expect(await idsOf(devices)).toHaveLength(1);
    });
    await round(worker);
    expect(await idsOf(devices)).toEqual([]);
  });

  test('by two nodes at once deletes each row once, and no other', async () => {
    await addMany(sessions, 40);
    const live = await add(sessions, HOUR_SECONDS);
    let all = 0;
    const counting: CleanUpJob = {
      name: 'counting',
      deleteBatch: async (tx, now, limit) => {
        const deleted = await sessions.job.deleteBatch(tx, now, limit);
        all += deleted;
        return deleted;
      },
    };
    const logger = recordingLogger();
    const workers = Array.from({ length: 4 }, () => cleanUp([counting], { batch: 3, logger }));
    while ((await idsOf(sessions)).length > 1) await Promise.all(workers.map(round));
    expect(await idsOf(sessions)).toEqual([live]);
    expect(all).toBe(40);
    expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('ends with the batch under way when the server stops', async () => {
    await addMany(devices, 10);
    let batches = 0;
    let begun: (() => void) | undefined;
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const worker = cleanUp(
      [
        {
          name: 'one by one',
          deleteBatch: (tx, now, limit) => {
            batches += 1;
            begun?.();
            return devices.job.deleteBatch(tx, now, limit);
          },
        },
      ],
      { batch: 1 },
    );
    worker.start();
    await first;
    await worker.stop();
    expect(batches).toBe(1);
    expect(await idsOf(devices)).toHaveLength(9);
  });
});
