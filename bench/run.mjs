/** The run itself: starts the programs, lets them take turns, and gathers figures. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashArgon2id, verifyArgon2id } from '../dist/src/crypto/argon2id.js';
import { drive, feel, median, send } from './drive.mjs';
import { MIXED_SETTINGS, measureMemory } from './memory.mjs';
import { startProgram } from './program.mjs';
import { PASSWORD, seedPeople } from './seed.mjs';
import {
  loginBody,
  logPeopleIn,
  ME_OF,
  openPage,
  pageOf,
  RATE_LIMITED,
  REFUSED,
  refreshing,
  SHUT_OUT,
} from './works.mjs';

const CONNECTIONS = 16;
const PAGE = 'users(first: 100)';
/** Fewer than may wait for a hash: one more is refused. */
const LOGIN_CONNECTIONS = 8;
const FLOOD = 64;
const PEOPLE = 64;
const STARTS = 3;
/** `bare` goes on getting cheaper until some 20,000, longer than the server: fewer would flatter that one. */
const WARM_REQUESTS = 20_000;
const WARM_MS = 20_000;

const startServer = (stage, name, { settings, profile, nodeArgs = [] } = {}) =>
  startProgram({
    name,
    // As `npm start` does, without npm.
    script: '../src/build.mjs',
    args: ['--quiet', '--run', 'serve'],
    nodeArgs: [...nodeArgs, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])],
    envOf: (port) => stage.serverEnv(port, settings),
    isReady: async (url) => (await fetch(`${url}/health/ready`)).ok,
  });

const startReference = (stage, name) =>
  startProgram({
    name,
    script: `references/${name}.mjs`,
    envOf: (port) => stage.referenceEnv(port),
    isReady: async (url) =>
      (await fetch(url, { method: 'POST', headers: { 'user-id': crypto.randomUUID() } })).status > 0,
  });

/** A migrated database with people in it. */
export async function prepare(stage, { users, say }) {
  const server = await startServer(stage, 'gatehouse');
  await server.stop();
  let told = 0;
  const progress = (done) => {
    if (done - told < 50_000) return;
    told = done;
    say(`${done} people …`);
  };
  await seedPeople({ ownerUrl: stage.ownerUrl, keyringFile: stage.serverEnv(0).KEYRING_FILE, total: users, progress });
  say(`${users} people are there.`);
}

/** Everything that is measured: `{ starts, works, ratios, login, flat }`. */
export async function measure(stage, options) {
  const { short, only, say, profile } = options;
  const programs = [];
  const start = async (starting) => {
    const program = await starting;
    programs.push(program);
    return program;
  };
  try {
    const starts = await measureStarts(stage, options);
    const server = await start(startServer(stage, 'gatehouse', { profile }));
    const people = await logPeopleIn(server, stage, { count: PEOPLE, total: options.users });
    const works = await listWorks({ stage, server, people, start, short });
    const wanted = works.filter(({ name }) => name.includes(only));
    const figures = await takeTurns(wanted, options);
    const login = 'login'.includes(only) ? await measureLogin(server, people, options) : undefined;
    const flat = options.flat > 0 ? await measureFlat(stage, start, options) : undefined;
    return { starts, works: figures, ratios: ratiosOf(figures, login), login, flat };
  } catch (error) {
    for (const program of programs) say(program.said());
    throw error;
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

/** A server of its own: what the others brought to the first one must not count. */
async function measureFlat(stage, start, options) {
  const nodeArgs = ['--expose-gc', '--import', new URL('live-heap.mjs', import.meta.url).href];
  const server = await start(startServer(stage, 'gatehouse, for an hour', { settings: MIXED_SETTINGS, nodeArgs }));
  const people = await logPeopleIn(server, stage, { count: PEOPLE, total: options.users });
  return measureMemory(server, people, options);
}

async function measureStarts(stage, { say }) {
  const times = [];
  const memory = [];
  for (let turn = 0; turn < STARTS; turn += 1) {
    const server = await startServer(stage, 'gatehouse');
    await sleep(1_000);
    times.push(server.startMs);
    memory.push(server.rssMb());
    await server.stop();
  }
  say(`Starts in ${Math.round(median(times))} ms.`);
  return { readyMs: median(times), idleMb: median(memory) };
}

async function listWorks({ stage, server, people, start, short }) {
  const works = [];
  const add = (program, name, facts) => works.push({ program, name, ...facts });
  add(server, 'me', { next: ME_OF.gatehouse(people), answers: 'me' });
  add(server, PAGE, { next: await pageOf(server), answers: 'users' });
  for (const name of short ? ['bare', 'typical'] : ['limit', 'bare', 'typical', 'mercurius']) {
    const program = await start(startReference(stage, name));
    add(program, `me: ${name}`, { next: ME_OF[name](people), answers: 'me' });
    if (name === 'bare') add(program, `${PAGE}: bare`, { next: openPage, answers: 'users' });
  }
  add(server, 'refresh', { ...refreshing(people), connections: CONNECTIONS });
  for (const [name, facts] of Object.entries(REFUSED)) add(server, name, facts);
  const one = { settings: { LIMIT_LOGIN_BY_CLIENT: '1' } };
  const limited = await start(startServer(stage, 'gatehouse, its limits used up', one));
  await send(limited.url, { body: loginBody(1, 'wrong password wrong') });
  for (const [name, facts] of Object.entries(RATE_LIMITED)) add(limited, name, facts);
  const shut = await start(startServer(stage, 'gatehouse, its window used up', { settings: { ADDRESS_LIMIT: '10' } }));
  for (const [name, facts] of Object.entries(SHUT_OUT(people))) add(shut, name, facts);
  return works;
}

/** A B A B: each work has its turn in each round. */
async function takeTurns(works, { rounds, seconds, say }) {
  const turns = new Map(works.map((work) => [work, []]));
  await checkAnswers(works);
  for (const work of works) await warm(work);
  say('Warm.');
  for (let round = 1; round <= rounds; round += 1) {
    for (const [work, taken] of turns) {
      taken.push(await drive(work.program, { connections: CONNECTIONS, ...work, seconds }));
    }
    say(`Round ${round} of ${rounds}.`);
  }
  return works.map((work) => {
    const taken = turns.get(work);
    const of = (name) => median(taken.map((turn) => turn[name]));
    return {
      name: work.name,
      cpuUs: of('cpuUs'),
      perSecond: of('perSecond'),
      p50: of('p50'),
      p99: of('p99'),
      rssMb: of('rssMb'),
    };
  });
}

/** Until what is hot is compiled: by requests, since seconds mean little on a busy machine, but not for ever. */
async function warm(work) {
  const until = performance.now() + WARM_MS;
  let sent = 0;
  while (sent < WARM_REQUESTS && performance.now() < until) {
    sent += (await drive(work.program, { connections: CONNECTIONS, ...work, seconds: 1 })).answers;
  }
}

/** Every program must answer the same `me` and the same page, or they are not doing the same work. */
async function checkAnswers(works) {
  for (const field of ['me', 'users']) {
    const texts = new Set();
    for (const { program, next } of works.filter(({ answers }) => answers === field)) {
      const { text } = await send(program.url, next(0));
      texts.add(JSON.stringify(JSON.parse(text).data[field]));
    }
    if (texts.size > 1) throw new Error(`The programs differ:\n${[...texts].join('\n')}`);
  }
}

/** Logins against nothing but hashes, and what others feel meanwhile. */
async function measureLogin(server, people, { rounds, seconds, say }) {
  const parallel = Math.max(1, Math.min(availableParallelism() - 1, 3));
  const rates = { raw: [], server: [], me: [], flood: [], cpuUs: [] };
  const me = ME_OF.gatehouse(people);
  let turn = 0;
  const next = () => ({ body: loginBody(people[turn++ % people.length].number) });
  for (let round = 1; round <= rounds; round += 1) {
    rates.raw.push(await hashRate(parallel, seconds));
    const driven = await drive(server, { next, connections: LOGIN_CONNECTIONS, seconds });
    rates.server.push(driven.perSecond);
    rates.cpuUs.push(driven.cpuUs);
    rates.me.push((await feel(server.url, me, { seconds })).p99);
    const [felt] = await Promise.all([
      feel(server.url, me, { seconds }),
      drive(server, { next, expected: [200, 503], connections: FLOOD, seconds }),
    ]);
    rates.flood.push(felt.p99);
    say(`Logins, round ${round} of ${rounds}.`);
  }
  return {
    perSecond: median(rates.server),
    hashesPerSecond: median(rates.raw),
    ofRawRate: median(rates.server.map((rate, index) => rate / rates.raw[index])),
    cpuUs: median(rates.cpuUs),
    idleP99: median(rates.me),
    floodP99: median(rates.flood),
  };
}

/** Verifications a second, by `parallel` at once, with nothing around them. */
async function hashRate(parallel, seconds) {
  const encoded = await hashArgon2id(PASSWORD, Buffer.alloc(16, 1), { memoryKib: 19_456, passes: 2, parallelism: 1 });
  const begun = performance.now();
  let count = 0;
  const lane = async () => {
    while (performance.now() - begun < seconds * 1_000) {
      await verifyArgon2id(encoded, PASSWORD);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return count / ((performance.now() - begun) / 1_000);
}

/** What the goals are about. */
function ratiosOf(figures, login) {
  const costs = new Map(figures.map(({ name, cpuUs }) => [name, cpuUs]));
  const ratios = {};
  const add = (name, over) => {
    const [cost, other] = [costs.get(name), costs.get(over)];
    if (cost !== undefined && other !== undefined) ratios[`${name} ÷ ${over}`] = cost / other;
  };
  for (const name of ['limit', 'mercurius', 'bare', 'typical']) add('me', `me: ${name}`);
  add(PAGE, `${PAGE}: bare`);
  for (const name of costs.keys()) if (!name.startsWith('me') && !name.startsWith(PAGE)) add(name, 'me');
  if (login !== undefined) {
    ratios['raw hashes ÷ logins'] = 1 / login.ofRawRate;
    ratios['p99 of me in a flood of logins ÷ idle'] = login.floodP99 / login.idleP99;
  }
  return ratios;
}
