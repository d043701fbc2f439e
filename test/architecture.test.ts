import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Each room imports itself and the rooms after it, nothing else: nouns above, gates below, and what both stand on. */
const NOUNS: readonly string[] = ['auditing', 'personal-data', 'keys', 'sessions', 'users', 'roles', 'mail', 'audit'];
const GATES: readonly string[] = ['http', 'graphql', 'access', 'limits'];
const GROUND: readonly string[] = ['crypto', 'platform'];
const DOWNHILL = [
  [...NOUNS, ...GROUND],
  [...GATES, ...GROUND],
];

/** What nouns may take of the gates: words, nothing that does work (docs/decisions/0001). */
const WORDS = [
  'src/access/permissions.ts',
  'src/access/request-context.ts',
  'src/access/login-methods.ts',
  'src/graphql/input-limits.ts',
  'src/graphql/pages.ts',
];
const isWord = (file: string) => WORDS.includes(file) || file.startsWith('src/graphql/scalars/');

/** Gates take the parsed settings; what they are given of them is a type. */
const SETTINGS = 'src/config.ts';

const LONGEST_FILE = 350;

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  /** Files of the project that it imports, types included, as paths from the project on. */
  readonly imports: readonly string[];
  /** Packages and Node's own modules. */
  readonly packages: readonly string[];
}

const IMPORT = /^\s*(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^\s*import '([^']+)'|\bimport\('([^']+)'\)/gm;

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const isOwn = (name: string) => name.startsWith('.');
  const imports = found.filter(isOwn).map((name) =>
    normalize(join(dirname(path), name))
      .split(sep)
      .join('/'),
  );
  return { path, text, code, imports, packages: found.filter((name) => !isOwn(name)) };
}

const filesUnder = (folder: string): readonly Source[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readSource(`${folder}/${name.split(sep).join('/')}`));

const all = filesUnder('src');
// The playground is a program of its own, for browsers.
const sources = all.filter(({ path }) => !path.startsWith('src/http/playground/'));
const migrations = filesUnder('migrations');

/** The folder below src, or undefined for what stands in src itself. */
const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

const allowedRooms = (room: string) =>
  DOWNHILL.flatMap((row) => (row.includes(room) ? row.slice(row.indexOf(room)) : []));

function mayImport({ path }: Source, target: string): boolean {
  const room = roomOf(path);
  const other = roomOf(target);
  if (target === 'ormconfig.ts') return path === 'src/foundation.ts';
  // What stands in src itself puts the rooms together; the command line stands on that, and only main.ts on it.
  if (room === undefined) return other !== 'cli' || path === 'src/main.ts';
  if (room === 'cli') return target !== 'src/main.ts';
  if (other === undefined) return GATES.includes(room) && target === SETTINGS;
  return allowedRooms(room).includes(other) || (NOUNS.includes(room) && isWord(target));
}

/** Every place where `code` matches, as `path: what was found`. */
const found = (files: readonly Source[], pattern: RegExp): readonly string[] =>
  files.flatMap(({ path, code }) => (code.match(pattern) ?? []).map((text) => `${path}: ${text.trim()}`));

const except = (...paths: readonly string[]) => sources.filter(({ path }) => !paths.includes(path));
const named = (pattern: RegExp) => sources.filter(({ path }) => pattern.test(path));

describe('imports', () => {
  test('go downhill only', () => {
    const uphill = sources.flatMap((source) =>
      source.imports.filter((target) => !mayImport(source, target)).map((target) => `${source.path} → ${target}`),
    );
    expect(uphill).toEqual([]);
  });

  test('know every room', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)).filter((room) => room !== undefined));
    expect([...rooms].sort()).toEqual([...new Set([...DOWNHILL.flat(), 'cli'])].sort());
  });

  test('of the words that nouns share with gates stay among words and platform', () => {
    const words = sources.filter(({ path }) => isWord(path));
    expect(words.length).toBeGreaterThan(WORDS.length);
    const others = words.flatMap(({ path, imports }) =>
      imports
        .filter((target) => !isWord(target) && roomOf(target) !== 'platform')
        .map((target) => `${path} → ${target}`),
    );
    expect(others).toEqual([]);
  });

  test('run in no circle, types included', () => {
    const importsOf = new Map(all.map(({ path, imports }) => [path, imports]));
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (trail.includes(path) || done.has(path)) return;
      for (const target of importsOf.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const path of importsOf.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });

  test('of migrations are none of the sources: what ran once must never change', () => {
    const ofSources = migrations.flatMap(({ path, imports }) => imports.map((target) => `${path} → ${target}`));
    expect(ofSources).toEqual([]);
    expect(migrations.length).toBeGreaterThan(0);
  });

  test('lead to files that are there', () => {
    const known = new Set(['ormconfig.ts', ...all.map(({ path }) => path)]);
    const lost = sources.flatMap(({ path, imports }) => imports.filter((to) => !known.has(to)).map((to) => [path, to]));
    expect(lost).toEqual([]);
  });
});

describe('what only one place may do', () => {
  test('SQL stands in repositories, and in the text that makes the embedded database', () => {
    const others = sources.filter(
      ({ path }) => !path.endsWith('.repository.ts') && path !== 'src/platform/postgres/first-roles.ts',
    );
    const calls =
      /\.(?:query|createQueryBuilder|getRepository)\(|\b(?:tx|manager|database)\.(?:insert|update|delete|upsert|save|remove|find\w*|exists\w*|count\w*|increment|decrement)\(/g;
    const texts =
      /['`]\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|LOCK|GRANT|REVOKE|CREATE|ALTER|DROP|TRUNCATE|VACUUM|SET)\s.*/g;
    expect([...found(others, calls), ...found(others, texts)]).toEqual([]);
  });

  test('the environment is read by main.ts, and the process ended there', () => {
    expect(found(except('src/main.ts'), /\bprocess(?:\.env|\[|\.exit|\.kill\(process\.pid)/g)).toEqual([]);
  });

  test('time comes from platform/clock.ts', () => {
    expect(found(except('src/platform/clock.ts'), /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)/g)).toEqual([]);
    const abovePlatform = sources.filter(({ path }) => roomOf(path) !== 'platform');
    expect(found(abovePlatform, /\bperformance\.now\b|\bhrtime\b/g)).toEqual([]);
  });

  test('randomness comes from platform/random.ts', () => {
    const source = /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/g;
    expect(found(except('src/platform/random.ts'), source)).toEqual([]);
  });

  test('tables and GraphQL types are two things', () => {
    const entities = named(/\.entity\.ts$/);
    expect(entities.length).toBeGreaterThan(0);
    expect(entities.filter(({ packages }) => packages.includes('type-graphql')).map(({ path }) => path)).toEqual([]);
    const served = sources.filter(({ code }) => /@(?:ObjectType|InputType|ArgsType|Resolver)\(/.test(code));
    expect(served.length).toBeGreaterThan(0);
    expect(served.filter(({ packages }) => packages.includes('typeorm')).map(({ path }) => path)).toEqual([]);
    expect(found(served, /\b(?:Field|Query|Mutation)\(\(\) => \[?\w+Entity\b/g)).toEqual([]);
  });
});

describe('files', () => {
  test(`are no longer than ${LONGEST_FILE} lines`, () => {
    const long = [...all, ...migrations].filter(({ text }) => text.split('\n').length - 1 > LONGEST_FILE);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test('are named after what they hold', () => {
    const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|index)(?:\/|\.tsx?$)/;
    expect(all.map(({ path }) => path).filter((path) => vague.test(path))).toEqual([]);
    expect(all.map(({ path }) => basename(path)).filter((name) => !/^[a-z0-9.-]+\.tsx?$/.test(name))).toEqual([]);
  });

  test('export by name', () => {
    // Vite reads a default export.
    const files = all.filter(({ path }) => path !== 'src/http/playground/vite.config.ts');
    expect(found(files, /^export default\b.*/gm)).toEqual([]);
  });
});
