import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../system-error.ts';
import { formatMark, isAlive, ownMark, parseMark } from './process-mark.ts';

const POLL_MS = 20;
/** A lock file is created and filled in two steps: one that stays empty longer than this lost its maker in between. */
const UNFINISHED_MS = 2_000;

/** Whether this process now holds the lock file. */
function isTaken(path: string): boolean {
  try {
    writeFileSync(path, formatMark(ownMark()), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function findText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Removes the lock of a holder that is dead. Two processes may find the same dead holder: without the guard the slower one
 * would remove the lock that the faster one has taken since. Nothing here waits, so the guard lives for microseconds.
 */
function isDeadRemoved(path: string, text: string): boolean {
  const guard = `${path}.takeover`;
  if (!isTaken(guard)) return false;
  if (findText(path) === text) rmSync(path, { force: true });
  rmSync(guard, { force: true });
  return true;
}

/**
 * Runs `work` while no other process of this machine runs its own under the same `path`. The lock of a process that was
 * killed counts for nothing. Throws when it stays held for `waitMs`.
 */
export async function withFileLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  let unfinishedSince: number | undefined;
  while (!isTaken(path)) {
    const now = performance.now();
    const text = findText(path);
    const holder = text === undefined ? undefined : parseMark(text);
    unfinishedSince = text !== undefined && holder === undefined ? (unfinishedSince ?? now) : undefined;
    const isUnfinished = unfinishedSince !== undefined && now - unfinishedSince > UNFINISHED_MS;
    const isDead = isUnfinished || (holder !== undefined && !isAlive(holder));
    if (text !== undefined && isDead && isDeadRemoved(path, text)) continue;
    if (now - begun > waitMs) {
      throw new Error(
        `Another process holds ${path}. If none of Gatehouse runs, remove that file and ${path}.takeover`,
      );
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
