import { appendFile, readFile } from 'node:fs/promises';
import { parseId, type UserId } from '../platform/ids.ts';
import { codeOf } from '../platform/system-error.ts';

/** One line of the list. */
export interface Erasure {
  readonly userId: UserId;
  readonly erasedAt: Date;
}

/**
 * The ids of everybody erased, in a file beside the database: a restored backup does not know whom it must erase again. One line
 * each, `id time`, only ever added to; the ids stand for nobody any more.
 */
export class ErasedList {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** All that stand in it; lines that are no ids are passed over, as a crash may have cut the last one. */
  async read(): Promise<ReadonlySet<UserId>> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    });
    return new Set(parseErasures(text).map(({ userId }) => userId));
  }

  /** Adds those that are not in it yet, in one write that is on the disk when this resolves. */
  async add(erasures: readonly Erasure[]): Promise<void> {
    if (erasures.length === 0) return;
    const known = await this.read();
    const lines = erasures
      .filter(({ userId }) => !known.has(userId))
      .map(({ userId, erasedAt }) => `${userId} ${erasedAt.toISOString()}\n`);
    // Begins with a line break, so that a line that a crash has cut spoils no other.
    if (lines.length > 0) await appendFile(this.#path, `\n${lines.join('')}`, { mode: 0o600, flush: true });
  }
}

/** The lines of a list that are whole. */
export function parseErasures(text: string): readonly Erasure[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', time = ''] = line.split(' ');
    const userId = parseId<UserId>(id);
    const erasedAt = new Date(time);
    return userId && !Number.isNaN(erasedAt.getTime()) ? [{ userId, erasedAt }] : [];
  });
}
