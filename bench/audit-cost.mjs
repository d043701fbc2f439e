/** What the audit trail adds to a mutation: the built server, and the same with a trail that writes nothing, in turns. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drive, median, send } from './drive.mjs';
import { startProgram } from './program.mjs';
import { prepare } from './run.mjs';
import { openStage } from './stage.mjs';
import { logPeopleIn, refreshing } from './works.mjs';

const HELP = `npm run build && node bench/audit-cost.mjs [--rounds N] [--seconds N] [--only TEXT] [--profile FOLDER]

CPU time of the server's process per request of a mutation, sealing included, with the audit trail and without it. A round is a turn of
each, in changing order; a ratio is the median of the rounds' ratios.
`;

const CONNECTIONS = 16;
const PEOPLE = 64;
const WARM_SECONDS = 6;
const say = (text) => process.stderr.write(`${text}\n`);

const text = { type: 'string' };
const { values } = parseArgs({
  options: { rounds: text, seconds: text, only: text, profile: text, help: { type: 'boolean', default: false } },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const rounds = Number(values.rounds ?? 9);
const seconds = Number(values.seconds ?? 4);

const UPDATE =
  'mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id profile { displayName } } } }';

/** Each person changes their own profile: nobody waits for another's row. */
function updating(people) {
  const requests = people.map(({ accessToken, number }) => ({
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ query: UPDATE, variables: { input: { displayName: `Person ${number}` } } }),
  }));
  let turn = 0;
  return { next: () => requests[turn++ % requests.length] };
}

const startServer = (stage, name, nodeArgs) =>
  startProgram({
    name,
    script: '../dist/src/main.js',
    args: ['serve'],
    nodeArgs,
    envOf: (port) => stage.serverEnv(port),
    isReady: async (url) => (await fetch(`${url}/health/ready`)).ok,
  });

const stage = await openStage();
const servers = [];
try {
  await prepare(stage, { users: 1_000, say });
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const hook = fileURLToPath(new URL('without-audit.mjs', import.meta.url));
  servers.push(await startServer(stage, 'with', profiling));
  servers.push(await startServer(stage, 'without', [...profiling, '--import', hook]));
  const people = await Promise.all(
    servers.map((server) => logPeopleIn(server, stage, { count: PEOPLE, total: 1_000 })),
  );
  const works = Object.entries({ updateProfile: updating, refresh: refreshing });
  for (const [name, workOf] of works.filter(([name]) => name.includes(values.only ?? ''))) {
    await measure(
      name,
      servers.map((server, index) => ({ server, work: workOf(people[index]) })),
    );
  }
} finally {
  for (const server of servers) await server.stop();
  await stage.close();
}

async function measure(name, turns) {
  for (const { server, work } of turns) {
    const { text } = await send(server.url, work.next(0));
    if (JSON.parse(text).errors) throw new Error(`${name} was refused: ${text}`);
    work.done?.(0, text);
  }
  const take = ({ server, work }, seconds) => drive(server, { ...work, connections: CONNECTIONS, seconds });
  for (const turn of turns) await take(turn, WARM_SECONDS);
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const figures = {};
    for (const turn of round % 2 === 0 ? turns : turns.toReversed())
      figures[turn.server.name] = await take(turn, seconds);
    taken.push(figures);
  }
  const of = (server, figure) => median(taken.map((figures) => figures[server][figure]));
  const ratio = median(taken.map(({ with: on, without: off }) => on.cpuUs / off.cpuUs));
  const shown = (server) => `${Math.round(of(server, 'cpuUs'))} µs (p50 ${of(server, 'p50')} ms)`;
  say(`${name}: with ${shown('with')}, without ${shown('without')}: ${ratio.toFixed(3)} times.`);
}
