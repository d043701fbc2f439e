import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HeadFile, readHeadsIn } from '../../../src/audit/head-file.ts';
import { systemRandom } from '../../../src/platform/random.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'head-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'audit-head');
const file = () => new HeadFile(path(), systemRandom);

describe('the file of the newest head', () => {
  test('is not there at first, holds what was written last, and is its owner’s alone', async () => {
    expect(await file().read()).toBeUndefined();
    await file().write('one');
    await file().write('two');
    expect(await file().read()).toBe('two');
    expect(readFileSync(path(), 'utf8')).toBe('two\n');
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test('is whole at every moment, however many write it at once, and nothing is left beside it', async () => {
    const heads = Array.from({ length: 40 }, (_, number) => `head${number}-`.repeat(5_000));
    await file().write(heads[0] ?? '');
    const reads = heads.map(() => file().read());
    await Promise.all(heads.map((head) => file().write(head)));
    for (const read of [...(await Promise.all(reads)), await file().read()]) expect(heads).toContain(read);
    expect(readdirSync(folder)).toEqual(['audit-head']);
  });

  test('that is empty says nothing, and one that cannot be read is a fault and no missing one', async () => {
    writeFileSync(path(), '\n');
    expect(await file().read()).toBeUndefined();
    await expect(new HeadFile(folder, systemRandom).read()).rejects.toThrow('EISDIR');
  });

  test('that cannot be written leaves nothing beside it', async () => {
    await expect(new HeadFile(join(path(), 'nowhere'), systemRandom).write('one')).rejects.toThrow('ENOENT');
    mkdirSync(path());
    await expect(file().write('one')).rejects.toThrow('EISDIR');
    expect(readdirSync(folder)).toEqual(['audit-head']);
  });
});

describe('heads in a text', () => {
  const jws = (typ: string, rest = 'payload.signature') =>
    `${Buffer.from(JSON.stringify({ alg: 'EdDSA', typ, kid: 'k' })).toString('base64url')}.${rest}`;

  test('are found in a log, each once, and no other token is one', () => {
    const [head, other] = [jws('gatehouse-audit-head+jws'), jws('gatehouse-audit-head+jws', 'another.signature')];
    const text = `{"head":"${head}"}\n{"token":"${jws('at+jwt')}"}\n{"head":"${other}"}\n{"head":"${head}"}\n`;
    expect(readHeadsIn(text)).toEqual([head, other]);
    expect(readHeadsIn(`${head}\n`)).toEqual([head]);
    expect(readHeadsIn('no head')).toEqual([]);
  });
});
