/** What a long audit trail costs: to verify it, and to read pages of it. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './run.mjs';
import { openStage } from './stage.mjs';
import { timePages } from './trail-pages.mjs';
import { seedTrail } from './trail-seed.mjs';

const HELP = `npm run build && node bench/trail.mjs --events N [--keep FOLDER] [--no-verify]

Makes a trail of N sealed events (2 kB of disk each, some thousands a second) in an embedded PostgreSQL, verifies it by
\`gatehouse audit verify\` while its memory is watched, and times the statement of auditEvents under each filter.
`;

const SAMPLE_MS = 500;
const main = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

const { values } = parseArgs({
  options: { events: { type: 'string' }, keep: { type: 'string' }, 'no-verify': { type: 'boolean', default: false } },
});
const total = Number(values.events);
if (!Number.isSafeInteger(total) || total < 1) {
  say(HELP);
  process.exit(2);
}
if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
const stage = await openStage(values.keep);
try {
  await prepare(stage, { users: 1_000, say });
  let told = 0;
  const progress = (done) => {
    if (done - told < 100_000) return;
    told = done;
    say(`${done} events …`);
  };
  const spent = await seedTrail(stage, { total, progress });
  if (spent.events > 0) {
    const rate = (ms) => Math.round((spent.events / ms) * 1_000);
    say(`${spent.events} events written at ${rate(spent.writeMs)}/s, sealed at ${rate(spent.sealMs)}/s.`);
  }
  if (!values['no-verify']) await verify(stage);
  await timePages(stage.ownerUrl, say);
} finally {
  await stage.close();
}

/** Runs the command as an operator does; prints its progress, and its memory and time at each tenth of the way. */
async function verify({ serverEnv }) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...serverEnv(0) };
  const begun = performance.now();
  const child = spawn(process.execPath, [main, 'audit', 'verify'], { env, stdio: ['ignore', 'inherit', 'pipe'] });
  const samples = [];
  let cpuSeconds = 0;
  const watch = setInterval(() => {
    const usage = usageOf(child.pid);
    if (!usage) return;
    cpuSeconds = usage.cpuSeconds;
    samples.push(usage.rssMb);
  }, SAMPLE_MS);
  let shown = '';
  child.stderr.on('data', (chunk) => {
    const [, step, done, of] = /(.*) ([\d,]+) of ([\d,]+) events/.exec(chunk) ?? [];
    const tenth = `${step} ${Math.floor((10 * toNumber(done)) / toNumber(of))}`;
    if (done === undefined || tenth === shown) return;
    shown = tenth;
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    say(`  ${String(chunk).trim()}: ${seconds} s, ${Math.round(samples.at(-1) ?? 0)} MB`);
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const half = samples.length >> 1;
  const most = (from, to) => Math.round(Math.max(...samples.slice(from, to)));
  say(`Exit code ${code} after ${seconds} s, ${cpuSeconds.toFixed(1)} s of CPU;`);
  say(`at most ${most(0, half)} MB in the first half, ${most(half)} MB in the second.`);
}

function toNumber(text = '') {
  return Number(text.replaceAll(',', ''));
}

function usageOf(pid) {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return { rssMb: Number(kib) / 1_024, cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100 };
  } catch {
    return undefined;
  }
}
