import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { productionPackages } from './support/licences.ts';

interface Manifest {
  readonly [list: string]: unknown;
}
interface Lock {
  readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const LISTS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
const listOf = (source: Readonly<Record<string, unknown>>, list: string) =>
  (source[list] ?? {}) as Readonly<Record<string, string>>;
const flat = (overrides: unknown): string[] =>
  typeof overrides === 'string' ? [overrides] : Object.values(overrides ?? {}).flatMap(flat);

/** Whoever may use this under MIT may use these with it: none asks for more than a notice. */
const LICENCES = [
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
];

describe('packages', () => {
  test('are each named by one exact version', () => {
    const ranges = [...LISTS.flatMap((list) => Object.values(listOf(manifest, list))), ...flat(manifest['overrides'])];
    expect(ranges.length).toBeGreaterThan(20);
    expect(ranges.filter((range) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range))).toEqual([]);
  });

  test('are locked as package.json names them', () => {
    const root = lock.packages[''] ?? {};
    for (const list of LISTS) {
      expect(listOf(root, list)).toEqual(listOf(manifest, list));
      for (const [name, version] of Object.entries(listOf(manifest, list))) {
        expect([name, lock.packages[`node_modules/${name}`]?.['version']]).toEqual([name, version]);
      }
    }
  });

  test('are held to their content by a hash, and come from no place but the registry', () => {
    const others = Object.entries(lock.packages).filter(
      ([path, { integrity, resolved = 'https://registry.npmjs.org/' }]) =>
        path !== '' &&
        !(/^sha512-/.test(String(integrity)) && /^https:\/\/registry\.npmjs\.org\//.test(String(resolved))),
    );
    expect(others.map(([path]) => path)).toEqual([]);
  });

  test('run install scripts by name alone', () => {
    const allowed = manifest['allowScripts'] as Readonly<Record<string, boolean>>;
    expect(Object.keys(allowed).filter((name) => name.includes('*'))).toEqual([]);
    const withScripts = productionPackages().filter(({ hasInstallScript }) => hasInstallScript);
    expect(withScripts.map(({ name }) => name).filter((name) => !(name in allowed))).toEqual([]);
  });

  test('of production have licences that go with MIT', () => {
    const packages = productionPackages();
    expect(packages.length).toBeGreaterThan(100);
    const parts = (licence: string) => licence.replace(/[()]/g, '').split(/ (?:AND|OR) /);
    const others = packages.filter(({ licence }) => !parts(licence).every((part) => LICENCES.includes(part)));
    expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
  });
});

test('npm run sbom prints a CycloneDX document of every package that production installs', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'sbom'], { maxBuffer: 2 ** 26 });
  const bom: { bomFormat: string; components: { name: string; version: string; purl: string }[] } = JSON.parse(stdout);
  expect(bom.bomFormat).toBe('CycloneDX');
  const listed = new Set(bom.components.map(({ purl }) => decodeURIComponent(purl.split('?')[0] ?? '')));
  const missing = productionPackages().filter(({ name, version }) => !listed.has(`pkg:npm/${name}@${version}`));
  expect(missing.map(({ name }) => name)).toEqual([]);
  expect(bom.components.map(({ name }) => name)).not.toContain('jest');
});
