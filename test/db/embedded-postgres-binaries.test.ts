import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findAccount } from '../../src/platform/postgres/account.ts';
import { type Binaries, getBinaries } from '../../src/platform/postgres/binaries.ts';
import { childOptions } from '../../src/platform/postgres/child.ts';

const isRoot = process.geteuid?.() === 0;
let directory: string;
let installed: { root: string; version: string };

/** The names of library links that the package's install script makes. */
function linksOf(root: string): string[] {
  const links: { target: string }[] = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'));
  return links.map(({ target }) => join(root, target));
}

const runs = (binaries: Binaries) =>
  spawnSync(binaries.postgres, ['--version'], { ...childOptions(findAccount('/nowhere')), encoding: 'utf8' }).stdout;

beforeAll(() => {
  // A place that another user can enter, with an installation in it that only this user can read and that has no links.
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-binaries-'));
  chmodSync(directory, 0o755);
  const closed = join(directory, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const native = dirname(dirname(getBinaries(undefined).postgres));
  cpSync(native, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
  for (const link of linksOf(closed)) rmSync(link, { force: true });
  installed = { root: closed, version: '18.4.0-test' };
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('the programs of PostgreSQL', () => {
  test('get the links to their libraries where no install script made them', () => {
    expect(linksOf(installed.root).some(existsSync)).toBe(false);
    const binaries = getBinaries(undefined, installed, []);
    expect(linksOf(installed.root).every((link) => lstatSync(link).isSymbolicLink())).toBe(true);
    expect(binaries.major).toBe(18);
    expect(binaries.postgres).toBe(join(installed.root, 'native/bin/postgres'));
  });

  test('run for the user that PostgreSQL gets, from a copy where that user cannot reach the installation', () => {
    const place = join(directory, 'copies');
    const binaries = getBinaries(findAccount('/nowhere'), installed, [place]);
    expect(runs(binaries)).toMatch(/^postgres \(PostgreSQL\) 18\./);
    expect(binaries.postgres.startsWith(place)).toBe(isRoot);
    const again = getBinaries(findAccount('/nowhere'), installed, [place]);
    expect(again).toEqual(binaries);
  });

  test('are never taken from a place that others may write to', () => {
    const place = join(directory, 'open');
    mkdirSync(place);
    chmodSync(place, 0o777);
    const get = () => getBinaries(findAccount('/nowhere'), installed, [place]);
    if (isRoot) expect(get).toThrow('does not run here');
    else expect(get().postgres.startsWith(installed.root)).toBe(true);
  });

  test('that do not run at all are told from those that do, with what to do instead', () => {
    const broken = join(directory, 'broken');
    mkdirSync(join(broken, 'native/bin'), { recursive: true });
    expect(() => getBinaries(undefined, { root: broken, version: '18' }, [])).toThrow(
      /does not run here.*DATABASE_URL/,
    );
  });
});
