/** Fills the audit trail, written and sealed by the product's own code, so that it verifies. */
import pg from 'pg';
import { EVENT_TYPES } from '../dist/src/audit/event-types.js';
import { loadConfig } from '../dist/src/config.js';
import { openFoundation } from '../dist/src/foundation.js';
import { LIMIT_SETTING_NAMES } from '../dist/src/limits/rate-limits.js';
import { systemRandom, uuidv7 } from '../dist/src/platform/random.js';

const BATCH = 2_000;
/** The server's own batches are of what a second brings. */
const SEAL_EVERY = 5;
const BEGIN_MS = Date.UTC(2025, 10, 20);
const STEP_MS = 3_000;

/** What a busy server records, by weight: mostly refreshes. The last is rare on purpose. */
const MIX = [
  [60, 'session.refreshed'],
  [15, 'session.created'],
  [10, 'login.failed'],
  [6, 'profile.updated'],
  [5, 'access.denied'],
  [3, 'user.read'],
  [0.95, 'limit.exceeded'],
  [0.05, 'password.changed'],
];
const TOTAL_WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** Adds events until the chain holds `total`. `progress` is told how many it holds. Answers how long writing and sealing took. */
export async function seedTrail(stage, { total, progress }) {
  let nowMs = BEGIN_MS;
  const clock = { now: () => new Date(nowMs) };
  const facts = { cores: 2, cwd: process.cwd(), rateLimitNames: LIMIT_SETTING_NAMES };
  const foundation = await openFoundation(loadConfig(stage.serverEnv(0), facts), { clock });
  const { database, audit, sealer } = foundation;
  try {
    const [{ count }] = await database.query('SELECT coalesce(max(position), 0)::int AS count FROM audit_positions');
    nowMs += count * STEP_MS;
    const people = await findPeople(foundation);
    const spent = { writeMs: 0, sealMs: 0, events: 0 };
    for (let done = count, round = 0; done < total; round += 1) {
      const events = Array.from({ length: Math.min(BATCH, total - done) }, () => {
        nowMs += STEP_MS;
        return audit.stamp(makeEvent(clock, people));
      });
      await timed(spent, 'writeMs', () => audit.write(database.manager, events));
      done += events.length;
      spent.events += events.length;
      if (round % SEAL_EVERY === 0 || done >= total) await timed(spent, 'sealMs', () => sealAll(sealer));
      progress(done);
    }
    return spent;
  } finally {
    await foundation.close();
    await analyze(stage.ownerUrl);
  }
}

async function sealAll(sealer) {
  while (await sealer.step());
}

async function timed(spent, name, work) {
  const begun = performance.now();
  await work();
  spent[name] += performance.now() - begun;
}

async function findPeople({ database, dataKeys }) {
  const rows = await database.query(
    `SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys ORDER BY user_id LIMIT 1000`,
  );
  return rows.map((row) => ({ id: row.userId, key: dataKeys.unwrap(row) }));
}

async function analyze(ownerUrl) {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query('VACUUM (ANALYZE) audit_events, audit_positions, audit_unsealed, audit_seals');
  await client.end();
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];

function pickType() {
  let left = Math.random() * TOTAL_WEIGHT;
  for (const [weight, type] of MIX) {
    left -= weight;
    if (left < 0) return type;
  }
  return MIX[0][1];
}

const DETAILS = {
  'session.refreshed': (id) => ({ session: id(), generation: 7, repeated: false }),
  'session.created': (id) => ({ session: id(), delivery: 'COOKIE', factors: ['pwd'], knownDevice: true }),
  'login.failed': () => ({ reason: 'WRONG_PASSWORD' }),
  'profile.updated': () => ({ fields: ['displayName'] }),
  'access.denied': () => ({ field: 'Query.users', operation: 'QUERY', code: 'FORBIDDEN' }),
  'user.read': () => ({}),
  'limit.exceeded': () => ({ limit: 'loginByClient', stage: 'FIRST', refused: 1, windowSeconds: 900 }),
  'password.changed': () => ({ endedSessions: 1 }),
};

/** Every twentieth event is one person's, the rest are spread evenly. */
function makeEvent(clock, people) {
  const type = pickType();
  const person = Math.random() < 0.05 ? people[0] : pick(people);
  const newId = () => uuidv7(clock, systemRandom);
  const ip = `198.51.100.${Math.floor(Math.random() * 256)}`;
  const origin = { ip, userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
  const request = { requestId: newId(), operationName: 'Bench', origin };
  const by =
    type === 'login.failed' || type === 'limit.exceeded'
      ? { kind: 'ANONYMOUS', request }
      : { kind: 'USER', id: person.id, key: person.key, request };
  const subjectId = EVENT_TYPES[type].subject === 'user' ? pick([person, person, pick(people)]).id : undefined;
  return { type, by, subjectId, details: DETAILS[type](newId) };
}
