import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withFileLock } from '../../src/platform/postgres/file-lock.ts';
import { formatMark, isAlive, isRunning, ownMark, parseMark } from '../../src/platform/postgres/process-mark.ts';

let directory: string;
let lock: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
  lock = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a lock file', () => {
  test('lets one at a time in, and all in the end', async () => {
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      inside += 1;
      most.push(inside);
      await sleep(5);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(lock, 60_000, work)));
    expect(most).toEqual(Array(8).fill(1));
    expect(existsSync(lock)).toBe(false);
  });

  test('is let go when the work fails, with its error', async () => {
    const failing = withFileLock(lock, 100, () => Promise.reject(new Error('no luck')));
    await expect(failing).rejects.toThrow('no luck');
    expect(existsSync(lock)).toBe(false);
  });

  test('of a live process holds: who waits in vain is told which file it is, and runs nothing', async () => {
    writeFileSync(lock, formatMark(ownMark()));
    const work = () => Promise.reject(new Error('It ran'));
    await expect(withFileLock(lock, 60, work)).rejects.toThrow(`Another process holds ${lock}`);
    expect(existsSync(lock)).toBe(true);
  });

  test('of a dead process counts for nothing, also when its number was given to another', async () => {
    const { pid } = ownMark();
    for (const text of ['4194303 1\n', `${pid} 1\n`]) {
      writeFileSync(lock, text);
      expect(await withFileLock(lock, 0, async () => 'done')).toBe('done');
    }
  });

  test('that was never filled counts for nothing after a while, and not at once', async () => {
    writeFileSync(lock, '');
    await expect(withFileLock(lock, 0, async () => 'done')).rejects.toThrow('Another process holds');
    expect(await withFileLock(lock, 60_000, async () => 'done')).toBe('done');
  });

  test('of a dead process, found by many at once, still lets one at a time in', async () => {
    writeFileSync(lock, '4194303 1\n');
    let inside = 0;
    const work = async () => {
      inside += 1;
      await sleep(2);
      const seen = inside;
      inside -= 1;
      return seen;
    };
    const seen = await Promise.all(Array.from({ length: 20 }, () => withFileLock(lock, 60_000, work)));
    expect(seen).toEqual(Array(20).fill(1));
  });
});

describe('the mark of a process', () => {
  test('is alive for this one, and not for one of its number that started at another time', () => {
    expect(isAlive(ownMark())).toBe(true);
    expect(isAlive({ ...ownMark(), started: '1' })).toBe(false);
    expect(isRunning(4_194_303)).toBe(false);
  });

  test('reads back what it writes, and nothing else', () => {
    expect(parseMark(formatMark(ownMark()))).toEqual(ownMark());
    for (const text of ['', '12', '12 34', 'x 1\n', '-1 1\n', '12 34\n56 78\n'])
      expect(parseMark(text)).toBeUndefined();
  });
});
