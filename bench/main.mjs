/** `npm run bench`: what the server costs, beside what others cost, in one run on one machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `npm run bench -- [options]
npm run bench -- seed --users N --keep FOLDER

Measures the built server, as in production with everything on, beside small reference programs. All answer the same
query from the same PostgreSQL, an embedded one, or the (empty) one whose owner DATABASE_URL names. The programs take turns;
each figure is the median of its rounds. What counts is the CPU time of a request, and its ratio to that of others in the
same run: absolute times say little about another machine. Needs Linux (/proc).

  --short          fewer and shorter rounds, and the references that decide alone: for each change
  --rounds N       how often each program has its turn (5)
  --seconds N      how long a turn takes (3)
  --only TEXT      only what has this in its name
  --users N        how many people there are (1000)
  --keep FOLDER    keep the database there, and find it again
  --flat N         requests between the first and the last look at the memory (100000; 0: leave it out)
  --json FILE      write the figures there
  --check FILE     fail where a ratio is 25 % worse than in that file
  --profile FOLDER write CPU profiles of the server there
  --help           show this

seed makes the people beforehand: a million take some minutes.
`;

const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!existsSync(new URL('../dist/bundle/main.js', import.meta.url))) fail('Build the server first: npm run build');
if (!existsSync('/proc/self/stat')) fail('CPU times are read from /proc, which this system lacks');

install();

const say = (text) => process.stderr.write(`${text}\n`);
const { openStage } = await import('./stage.mjs');
const { prepare, measure } = await import('./run.mjs');
const { better, findWorse, toTable } = await import('./report.mjs');

if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
const options = {
  short: values.short,
  rounds: number('rounds', 5),
  seconds: number('seconds', values.short ? 1 : 3),
  users: number('users', 1_000),
  flat: number('flat', values.short ? 0 : 100_000),
  only: values.only ?? '',
  profile: values.profile,
  say,
};
const stage = await openStage(values.keep);
try {
  await prepare(stage, options);
  if (positionals[0] !== 'seed') await run();
} finally {
  await stage.close();
}

async function run() {
  const load = loadavg();
  const figures = await measure(stage, options);
  const report = { node: process.version, users: options.users, rounds: options.rounds, load, ...figures };
  process.stdout.write(`${toTable(report)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.check === undefined) return;
  const onFile = JSON.parse(readFileSync(values.check, 'utf8'));
  if (findWorse(report, onFile).length === 0) return;
  // Other work on the machine can do that once; a change of the server does it again.
  say('Something is worse than on file: all of it once more.');
  const worse = findWorse(better(report, await measure(stage, options)), onFile);
  for (const line of worse) say(line);
  if (worse.length > 0) process.exitCode = 1;
}

/** What the references are made of stands in a package of its own, so that nobody else must install it. */
function install() {
  if (existsSync(new URL('node_modules', import.meta.url))) return;
  process.stderr.write('Installing what the reference programs are made of …\n');
  const { status } = spawnSync('npm', ['ci'], { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: 'inherit' });
  if (status !== 0) fail('It could not be installed: npm ci in bench/ says why');
}

function readArguments() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        short: flag,
        help: flag,
        rounds: text,
        seconds: text,
        only: text,
        users: text,
        keep: text,
        flat: text,
        json: text,
        check: text,
        profile: text,
      },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`);
  }
}

function number(name, byDefault) {
  const value = values[name] === undefined ? byDefault : Number(values[name]);
  return Number.isSafeInteger(value) && value >= 0 ? value : fail(`--${name} takes a whole number`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
