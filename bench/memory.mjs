/** Whether memory stays flat: what an hour brings and what fills every cache, half of it refused. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { drive } from './drive.mjs';
import { loginBody, ME, REFRESH, REFUSED } from './works.mjs';

const CONNECTIONS = 16;
/** In the proportions of a turn; what costs a hash comes once in so many turns. */
const LOGIN_EVERY = 20;
/** Statuses of everything below. */
const EXPECTED = [200, 400, 429, 503];

const name = () => `x${randomBytes(6).toString('hex')}`;
const from = (address, headers = {}) => ({ ...headers, 'x-forwarded-for': address });
/** One of some ten thousand: as many as one node may serve in an hour. */
const anyAddress = () => ['10.0', randomBytes(1)[0] % 40, randomBytes(1)[0]].join('.');
const post = (query, variables) => JSON.stringify({ query, variables });
const bearer = (token) => ({ authorization: `Bearer ${token}` });
/** Settings of a server that counts each client of `mixed` by itself. */
export const MIXED_SETTINGS = { TRUSTED_PROXIES: '127.0.0.1', ADDRESS_LIMIT: '1000', LIMIT_MUTATION_BY_CLIENT: '1' };

/**
 * Twenty requests a turn, ten of them `me`. A refresh a turn gives a token that the next ones bring. Everything else differs
 * from all that came before: documents that are taken, documents that are refused, tokens.
 */
function mixed(people) {
  const refused = (kind) => () => REFUSED[kind].next().body;
  let turns = 0;
  const me = (person) => ({ headers: from(anyAddress(), bearer(person.accessToken)), body: ME });
  const stray = (body) => () => ({ headers: from(anyAddress()), body: body() });
  const flood = () => ({ headers: from('192.0.2.1'), body: ME });
  const logout = () => ({
    headers: from(`198.51.100.${randomBytes(1)[0]}`),
    body: post('mutation { logout { loggedOut } }'),
  });
  const others = [
    stray(refused('too deep')),
    stray(refused('alias bomb of 1,000')),
    stray(refused('10,000 tokens')),
    () => ({ headers: from(anyAddress(), bearer(`eyJhbGciOiJFZERTQSJ9.${randomUUID()}.${randomUUID()}`)), body: ME }),
    stray(() => post(`{ me { ${name()} } }`)),
    stray(() => post(`{ me { ${name()}: id } }`)),
    flood,
    flood,
    logout,
  ];
  const slots = new Map();
  const slotOf = (slot) => slots.get(slot) ?? slots.set(slot, { step: 0, refreshing: false }).get(slot);
  return {
    next(slot) {
      const state = slotOf(slot);
      const person = people[slot % people.length];
      const step = state.step++ % 20;
      state.refreshing = step === 19;
      if (step % 2 === 0) return me(person);
      if (!state.refreshing) return others[(step - 1) / 2]();
      if (turns++ % LOGIN_EVERY === 0) {
        state.refreshing = false;
        return { headers: from(anyAddress()), body: loginBody(person.number, turns % 2 === 0 ? undefined : name()) };
      }
      const variables = { input: { refreshToken: person.refreshToken } };
      return { headers: from(anyAddress()), body: post(REFRESH, variables) };
    },
    done(slot, body) {
      if (!slotOf(slot).refreshing) return;
      const { refresh } = JSON.parse(body).data;
      Object.assign(people[slot % people.length], refresh);
    },
  };
}

/** `{ requests, samples }`: resident memory and what a full collection leaves of the heap, in MB, ten times on the way. */
export async function measureMemory(server, people, { flat, say }) {
  const { next, done } = mixed(people);
  const samples = [];
  let sent = 0;
  while (sent < flat) {
    const { answers } = await drive(server, { next, done, expected: EXPECTED, connections: CONNECTIONS, seconds: 5 });
    sent += answers;
    if (sent < ((samples.length + 1) * flat) / 10) continue;
    const rssMb = server.rssMb();
    samples.push({ requests: sent, rssMb, liveMb: await liveHeap(server) });
    say(`After ${sent} requests: ${rssMb.toFixed(0)} MB, of it ${samples.at(-1).liveMb.toFixed(0)} MB live heap.`);
  }
  return { requests: sent, samples };
}

async function liveHeap(server) {
  const before = server.told(/live heap (\d+)/g).length;
  server.signal('SIGUSR2');
  for (let tries = 0; tries < 100; tries += 1) {
    const told = server.told(/live heap (\d+)/g);
    if (told.length > before) return Number(told.at(-1)[1]) / 2 ** 20;
    await sleep(50);
  }
  throw new Error('The server did not say how much of its heap is live');
}
