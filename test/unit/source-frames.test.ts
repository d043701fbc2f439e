import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PACKAGE_FOLDER } from '../../src/platform/package-folder.ts';
import { toSourceFrame } from '../../src/platform/source-frames.ts';

let outside: string;
let folder: string;
const source = pathToFileURL(join(PACKAGE_FOLDER, 'src/users/thing.ts')).href;
/** `AAAA;AAEE`: line 1 is line 1 of the source, and line 2 its line 3, from the third column on. */
const map = { version: 3, sources: [source], names: [], mappings: 'AAAA;AAEE' };

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'gatehouse-frames-'));
  folder = join(outside, 'build');
  mkdirSync(folder);
  writeFileSync(join(outside, 'outside.js.map'), JSON.stringify(map));
  writeFileSync(join(folder, 'main.js.map'), JSON.stringify(map));
  writeFileSync(join(folder, 'half.js.map'), JSON.stringify(map).slice(0, 40));
});
afterAll(() => rmSync(outside, { recursive: true }));

const at = (file: string, place = '2:1') => `${pathToFileURL(folder).href}/${file}:${place}`;

describe('a frame of a stack', () => {
  test.each([
    ['of a function', (place: string) => `    at open (${place})`],
    ['of a module', (place: string) => `    at ${place}`],
    ['of a promise', (place: string) => `    at async Promise.all (${place})`],
  ])('%s is told by its place in the sources', (_, frame) => {
    expect(toSourceFrame(frame(at('main.js')), folder)).toBe(frame('src/users/thing.ts:3:3'));
    expect(toSourceFrame(frame(at('main.js', '1:1')), folder)).toBe(frame('src/users/thing.ts:1:1'));
  });

  test.each([
    ['of a file without a map', () => `    at read (${at('library.js')})`],
    ['of a file whose map cannot be read', () => `    at read (${at('half.js')})`],
    ['of Node', () => '    at emit (node:events:524:28)'],
    ['of no file', () => '    at new Promise (<anonymous>)'],
    ['of a script', () => '    at read (/srv/main.js:2:1)'],
    ['of a file on another machine', () => '    at read (file://example.com/main.js:2:1)'],
    ['of a name that is no path', () => `    at read (${at('a%2Fmain.js')})`],
    ['that leads out of the build', () => `    at read (${at('../outside.js')})`],
  ])('%s stays as it was', (_, frame) => {
    expect(toSourceFrame(frame(), folder)).toBe(frame());
  });
});
