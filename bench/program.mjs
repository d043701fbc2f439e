/** A program under measurement: starts it, reads what it has used, ends it. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './stage.mjs';

/** Linux counts in hundredths of a second wherever Node runs. */
const TICK_US = 10_000;
const START_MS = 30_000;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Starts the script and waits until it answers `isReady`. `envOf` is given the port. */
export async function startProgram({ name, script, args = [], nodeArgs = [], envOf, isReady }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  // Nothing of this environment: what runs here must not change what is measured.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...envOf(port) };
  const child = spawn(process.execPath, [...nodeArgs, at(script), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said = (said + chunk).slice(-4_000)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!(await isReady(url).catch(() => false))) {
    if (child.exitCode !== null || performance.now() - begun > START_MS) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not start:\n${said}`);
    }
    await sleep(10);
  }
  return {
    name,
    url,
    startMs: performance.now() - begun,
    /** CPU time of its processes so far, in microseconds. */
    cpuUs: () => processesOf(child.pid).reduce((sum, pid) => sum + ticksOf(pid), 0) * TICK_US,
    /** Resident memory of its processes, in MB. */
    rssMb: () => processesOf(child.pid).reduce((sum, pid) => sum + rssOf(pid), 0),
    said: () => said,
    /** All matches in the last of what it wrote. */
    told: (pattern) => [...said.matchAll(pattern)],
    signal: (name) => child.kill(name),
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(8_000).then(() => child.kill('SIGKILL'))]);
    },
  };
}

/** Name, parent and the rest: the name is in brackets and may hold anything. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = text.lastIndexOf(')');
    return { comm: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') };
  } catch {
    return undefined;
  }
}

/** The process and its descendants, without PostgreSQL. */
function processesOf(root) {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(name);
      return stat === undefined || stat.comm === 'postgres' ? [] : [[Number(name), Number(stat.fields[1])]];
    });
  const found = [root];
  for (const pid of found) found.push(...stats.filter(([, parent]) => parent === pid).map(([child]) => child));
  return found;
}

const ticksOf = (pid) => {
  const { fields } = statOf(pid) ?? { fields: [] };
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
};

function rssOf(pid) {
  const [, kib = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
