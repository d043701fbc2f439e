import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, validate } from 'graphql';
import { PERMISSIONS } from '../src/access/permissions.ts';
import { TRAIL_FAULTS } from '../src/audit/trail-faults.ts';
import { ConfigError, loadConfig } from '../src/config.ts';
import { RATE_LIMIT_NAMES } from '../src/limits/rate-limits.ts';
import { ERROR_CODES } from '../src/platform/errors.ts';
import { describeSchema } from '../src/schema.ts';
import { limitVariable, SETTINGS, type Setting } from '../src/settings.ts';
import { generatedDocuments } from './support/generated-documents.ts';

const markdown = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const texts = markdown.map((path): [string, string] => [path, readFileSync(path, 'utf8')]);
const readme = readFileSync('README.md', 'utf8');
const manifest: { readonly scripts: Readonly<Record<string, string>>; readonly license: string } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

test.each([...generatedDocuments()])('%s is what the sources make it', (path, text) => {
  // The whole text would hide the one sentence that helps.
  if (readFileSync(path, 'utf8') !== text) throw new Error(`${path} is not what the sources make it: npm run docs`);
});

describe('what the documents name is there', () => {
  test.each(texts)('%s: links lead to files', (path, text) => {
    const links = matches(text, /\]\(([^)#]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });

  test.each(texts)('%s: paths of the project', (_, text) => {
    const paths = matches(text, /`((?:src|test|docs|schema|migrations|\.ci)\/[^`\s*<]*)`/g);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  test.each(texts)('%s: scripts of npm', (_, text) => {
    const scripts = matches(text, /\bnpm run (?:--silent )?([a-z:]+)/g);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  test.each(texts)('%s: settings, codes and permissions', (_, text) => {
    const settings = Object.entries<Setting<unknown>>(SETTINGS).flatMap(([name, { takesFile }]) =>
      takesFile ? [name, `${name}_FILE`] : [name],
    );
    const enumValues = Object.values(describeSchema().getTypeMap()).flatMap((type) =>
      'getValues' in type ? type.getValues().map(({ name }) => name) : [],
    );
    const known = new Set([
      ...[...settings, ...RATE_LIMIT_NAMES.map(limitVariable), ...enumValues, ...ERROR_CODES, ...PERMISSIONS],
      ...TRAIL_FAULTS,
      // Beginnings of names.
      ...['LIMIT_', 'DOCUMENT_', '_FILE'],
    ]);
    // docs/audit-events.md is generated, and lists values of its own.
    const words = text.includes('# Audit events') ? [] : matches(text, /`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g);
    expect(words.filter((word) => !known.has(word))).toEqual([]);
  });
});

describe('the README', () => {
  test('sends operations that the schema takes', () => {
    const bodies = matches(readme, /-d '(\{"query":.*\})'/g);
    expect(bodies.length).toBeGreaterThan(5);
    const schema = describeSchema();
    for (const body of bodies) expect(validate(schema, parse(JSON.parse(body).query))).toEqual([]);
  });

  test('shows answers that are JSON', () => {
    const answers = readme.split('\n').filter((line) => /^\{"(?:data|errors)"/.test(line));
    expect(answers.length).toBeGreaterThan(5);
    for (const answer of answers) expect(() => JSON.parse(answer)).not.toThrow();
  });

  test('shows what production says without settings', () => {
    const start = () => loadConfig({ NODE_ENV: 'production' }, { cores: 2, cwd: '/srv' });
    expect(start).toThrow(ConfigError);
    const [, shown] = /\$ NODE_ENV=production npm start\n([\s\S]*?)\n```/.exec(readme) ?? [];
    expect(start).toThrow(new Error(shown));
  });

  test('begins with the two commands', () => {
    expect(matches(readme, /^```sh\n(.*)\n```$/gm).slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  });
});

test('the licence is the one that package.json names, and the changelog has a list of what is not released', () => {
  expect(readFileSync('LICENSE', 'utf8')).toMatch(new RegExp(`^${manifest.license} License\n`));
  expect(readFileSync('CHANGELOG.md', 'utf8')).toMatch(/^## Unreleased\n\n### Added\n\n- /m);
});
