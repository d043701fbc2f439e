/** What a page of auditEvents costs the database. */
import pg from 'pg';
import { AUDIT_OUTCOMES, EVENT_TYPES } from '../dist/src/audit/event-types.js';
import { findEventPage } from '../dist/src/auditing/audit-pages.repository.js';
import { median } from './drive.mjs';

const PAGE_ROUNDS = 15;
/** A page that touches more rows reads more than itself. */
const LARGE = 1_000;

/** The page's statement under each filter: time of the median, and what its plan read. */
export async function timePages(connectionString, say) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await timeAll(client, say).finally(() => client.end());
}

async function timeAll(client, say) {
  const sent = [];
  const manager = {
    query: async (text, parameters) => {
      sent.push([text, parameters]);
      return (await client.query(text, parameters)).rows;
    },
  };
  for (const [name, choice, window] of await listPages(client)) {
    const times = [];
    for (let round = 0; round < PAGE_ROUNDS; round += 1) {
      const begun = performance.now();
      await findEventPage(manager, choice, { first: 50, ...window });
      times.push(performance.now() - begun);
    }
    let blocks = 0;
    const large = new Set();
    for (const [text, parameters] of sent.slice(window.after ? -2 : -1)) {
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, parameters);
      const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
      blocks += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      for (const node of nodesOf(plan))
        if (rowsOf(node) > LARGE) large.add(`${node['Node Type']} of ${rowsOf(node)} rows`);
    }
    const found = [...large].join(', ') || 'no node of more than 1,000 rows';
    say(`${name.padEnd(34)} ${median(times).toFixed(1).padStart(7)} ms ${String(blocks).padStart(8)} blocks, ${found}`);
  }
}

const nodesOf = (plan) => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** How many rows a node has touched, those that its filter threw away among them. */
const rowsOf = (node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];

const typesOf = (outcome) => Object.keys(EVENT_TYPES).filter((type) => EVENT_TYPES[type].outcome === outcome);

async function listPages(client) {
  const one = async (text, parameters) => (await client.query(text, parameters)).rows[0];
  const { busy, rare } = await one(
    `SELECT min(user_id::text) AS busy, max(user_id::text) AS rare FROM (SELECT user_id FROM data_keys ORDER BY user_id LIMIT 1000) p`,
  );
  const { positions } = await one('SELECT max(position)::float8 AS positions FROM audit_positions');
  const eventAt = (part) =>
    one('SELECT id, at FROM audit_events WHERE id = (SELECT event_id FROM audit_positions WHERE position = $1)', [
      Math.ceil(part * positions),
    ]);
  const [early, middle, late] = [await eventAt(0.1), await eventAt(0.5), await eventAt(0.9)];
  const ofActor = await one(
    'SELECT id, at FROM audit_events WHERE actor_id = $1 AND at <= $2 ORDER BY at DESC, id DESC LIMIT 1',
    [rare, middle.at],
  );
  const choices = {
    none: {},
    'types, common': { types: ['session.refreshed'] },
    'types, rare': { types: ['password.changed'] },
    'types, never seen': { types: ['user.erased'] },
    'types, three': { types: ['session.created', 'password.changed', 'user.erased'] },
    ...Object.fromEntries(AUDIT_OUTCOMES.map((outcome) => [`outcome ${outcome}`, { types: typesOf(outcome) }])),
    actorId: { actorId: rare },
    'actorId, busy': { actorId: busy },
    'actorId, unknown': { actorId: 'nobody' },
    subjectId: { subjectId: rare },
    'subjectId, busy': { subjectId: busy },
    'actorId and subjectId': { actorId: rare, subjectId: busy },
    'actorId and types, rare': { actorId: rare, types: ['password.changed'] },
    'busy actorId and types, rare': { actorId: busy, types: ['password.changed'] },
    'busy actorId, types never seen': { actorId: busy, types: ['user.erased'] },
    'busy actorId, outcome FAILED': { actorId: busy, types: typesOf('FAILED') },
    'busy subjectId, types never seen': { subjectId: busy, types: ['user.erased'] },
    'busy subjectId, unknown actorId': { subjectId: busy, actorId: 'nobody' },
    after: { after: late.at },
    before: { before: early.at },
    'after and before': { after: early.at, before: late.at },
    'types, after and before': { types: ['password.changed'], after: early.at, before: late.at },
    'busy actorId, after and before': { actorId: busy, after: early.at, before: late.at },
  };
  return [
    ...Object.entries(choices).map(([name, choice]) => [name, choice, {}]),
    ['none, from the middle', {}, { after: middle }],
    ['types, rare, from the middle', { types: ['password.changed'] }, { after: middle }],
    ['outcome FAILED, from the middle', { types: typesOf('FAILED') }, { after: middle }],
    ['actorId, from the middle', { actorId: rare }, { after: ofActor }],
  ];
}
