import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from '../system-error.ts';

/** A process, told apart from any later one that the system gives the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in the system's own count; empty where the system does not tell cheaply. */
  readonly started: string;
}

interface ProcessFacts {
  readonly isZombie: boolean;
  readonly started: string;
}

/** What /proc says; undefined where there is no such process, or no /proc. */
function findFacts(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the second field is the program's name in brackets and may hold spaces; `state` follows, `starttime` is the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { isZombie: fields[0] === 'Z', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Whether a process of that number runs. One that ended but was never collected (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return findFacts(pid)?.isZombie !== true;
}

export function ownMark(): ProcessMark {
  return { pid: process.pid, started: findFacts(process.pid)?.started ?? '' };
}

/**
 * Whether that very process still runs. In containers every start hands out the same few numbers, so the number alone
 * would take a stranger for the process that died.
 */
export function isAlive(mark: ProcessMark): boolean {
  return isRunning(mark.pid) && (findFacts(mark.pid)?.started ?? '') === mark.started;
}

/** The mark that `text` spells, or undefined. */
export function parseMark(text: string): ProcessMark | undefined {
  const match = /^(\d{1,10}) (\d*)\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), started: match[2] ?? '' };
}

export function formatMark(mark: ProcessMark): string {
  return `${mark.pid} ${mark.started}\n`;
}

/** The command line of a running process; undefined where the system does not tell cheaply. */
export function commandLineOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  }
  if (process.platform === 'win32') return undefined;
  return spawnSync('/bin/ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).stdout;
}

/** Whether a running process stands in `directory`, as PostgreSQL always does in its data; false also where that cannot be seen. */
export function worksIn(pid: number, directory: string): boolean {
  try {
    const [there, here] = [statSync(`/proc/${pid}/cwd`), statSync(directory)];
    return there.ino === here.ino && there.dev === here.dev;
  } catch {
    return false;
  }
}
