import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import { formatMark, isAlive, ownMark, parseMark } from './process-mark.ts';

/** Writes down that this process uses the embedded PostgreSQL; answers the file to remove in the end. */
export function register(directory: string, random: Random): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${process.pid}-${random.bytes(6).toString('hex')}`);
  writeFileSync(path, formatMark(ownMark()), { mode: 0o600 });
  return path;
}

/** Whether any live process is written down; forgets those that died without a word. */
export function isInUse(directory: string): boolean {
  const files = readdirSync(directory).map((name) => join(directory, name));
  const dead = files.filter((path) => {
    const mark = parseMark(readFileSync(path, 'utf8'));
    return mark === undefined || !isAlive(mark);
  });
  for (const path of dead) rmSync(path, { force: true });
  return dead.length < files.length;
}
