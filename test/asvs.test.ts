import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type AsvsProof, asvsRows } from './support/asvs.ts';

const rows = asvsRows();
const proofs = rows.flatMap(({ id, proofs }) => proofs.map((proof) => [id, proof] as const));
const of = <K extends AsvsProof['kind']>(kind: K) =>
  proofs.flatMap(([id, proof]) =>
    proof.kind === kind ? [[id, proof as Extract<AsvsProof, { kind: K }>] as const] : [],
  );

/** Titles stand in quotes, or in backticks where they hold a value. */
function hasTitle(file: string, title: string): boolean {
  const path = `test/${file}`;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.includes(`'${title}'`) || text.includes(`\`${title}\``);
}

describe('the table of ASVS requirements', () => {
  test('has each of levels 1 and 2 once, in order', () => {
    const ids = rows.map(({ id }) => id);
    const byNumber = [...ids].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    expect(ids).toEqual(byNumber);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    const count = (level: number) => rows.filter((row) => row.level === level).length;
    expect([count(1), count(2)]).toEqual([62, 151]);
  });

  test('names tests that are there', () => {
    const missing = of('test').filter(([, { file, title }]) => !hasTitle(file, title));
    expect(missing.map(([id, { file, title }]) => `${id} ${file}: ${title}`)).toEqual([]);
  });

  test('names pages that are there', () => {
    expect(of('page').filter(([, { page }]) => !existsSync(page))).toEqual([]);
  });

  test('names nothing but a reason where something does not apply', () => {
    const mixed = rows.filter(
      (row) => row.proofs.length > 1 && row.proofs.some(({ kind }) => kind === 'not applicable'),
    );
    expect(mixed.map(({ id }) => id)).toEqual([]);
  });

  test('agrees with SECURITY.md about every deviation', () => {
    const told = [...readFileSync('SECURITY.md', 'utf8').matchAll(/^\| v5\.0\.0-([\d.]+) /gm)].map((match) => match[1]);
    expect(of('deviation').filter(([id]) => !told.includes(id))).toEqual([]);
    const known = new Set(of('deviation').map(([id]) => id));
    expect(rows.filter(({ id }) => told.includes(id) && !known.has(id)).map(({ id }) => id)).toEqual([]);
  });
});

test('a requirement that a test’s name cites stands in the table, or is of level 3', () => {
  const cited = of('test').flatMap(([, { title }]) =>
    [...title.matchAll(/v5\.0\.0-([\d.]+\d)/g)].map((match) => match[1]),
  );
  const ids = new Set(rows.map(({ id }) => id));
  expect(cited.filter((id) => id !== undefined && !ids.has(id))).toEqual([]);
});
