import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../src/http/free-port.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The built server, running as a process of its own. */
export interface ServerProcess {
  /** Origin, without a trailing slash. */
  readonly url: string;
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void;
  /** Stops it by SIGTERM. Throws an Error with its output when it does not end by itself. */
  stop(): Promise<void>;
}

/** Builds what is older than its sources, the playground included. Throws an Error with the output when that fails. */
export async function buildServer(): Promise<void> {
  const build = run(['src/build.mjs', '--quiet'], {});
  if ((await build.ended) !== 0) throw new Error(`The build failed:\n${build.output()}`);
}

/**
 * Starts the built server as an operator would, with `settings` as its environment besides HOST and PORT, and waits until it
 * is ready. Throws an Error with its output when it ends first, or is not ready within two minutes.
 */
export async function startServerProcess(settings: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const port = await findFreePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const server = run(['dist/bundle/main.js'], { HOST: '127.0.0.1', PORT: String(port), ...settings });
  const ready = waitUntil(120_000, () =>
    fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => undefined,
    ),
  );
  const outcome = await Promise.race([ready.catch(() => 'late'), server.ended.then(() => 'ended')]);
  if (outcome !== true) {
    server.child.kill('SIGKILL');
    throw new Error(`The server did not become ready:\n${server.output()}`);
  }
  return {
    url,
    signal: (name) => void server.child.kill(name),
    stop: async () => {
      server.child.kill('SIGTERM');
      const code = await Promise.race([server.ended, sleep(60_000, undefined, { ref: false })]);
      if (code === 0) return;
      server.child.kill('SIGKILL');
      throw new Error(`The server did not stop cleanly:\n${server.output()}`);
    },
  };
}

/** The token in the newest mail of `dataDir`'s outbox; waits up to a minute for one. */
export async function readMailedToken(dataDir: string): Promise<string> {
  const outbox = join(dataDir, 'outbox');
  return waitUntil(60_000, async () => {
    const names = await readdir(outbox).catch(() => []);
    const name = names
      // One that is still being written begins with a dot, and is gone the moment it is whole.
      .filter((each) => /^[^.].*\.eml$/.test(each))
      .sort()
      .at(-1);
    if (name === undefined) return undefined;
    const mail = await readFile(join(outbox, name), 'utf8');
    // Quoted-printable breaks long lines with "=" at their end.
    return /^Token: (\S+)/m.exec(mail.replace(/=\r?\n/g, ''))?.[1];
  });
}

/** Asks every 50 ms until the answer is defined, and throws an Error after `timeoutMs`. */
async function waitUntil<T>(timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 50) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
  throw new Error(`Waited ${timeoutMs} ms in vain`);
}

function run(args: readonly string[], settings: Readonly<Record<string, string>>) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings };
  const child = spawn(process.execPath, args, { cwd: PROJECT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += String(part)));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return { child, ended, output: () => output };
}
