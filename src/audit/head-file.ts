import { readFile, rename, writeFile } from 'node:fs/promises';
import { codeOf } from '../platform/system-error.ts';

/**
 * The newest head that this node knows, in a file outside the database: who rolls the database back cannot roll it back too. Copy
 * it, or the log's lines, to where the database's administrators have no hand.
 */
export class HeadFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<string | undefined> {
    try {
      return (await readFile(this.#path, 'utf8')).trim() || undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Puts `head` in place of the one before, whole or not at all. */
  async write(head: string): Promise<void> {
    const unfinished = `${this.#path}.new`;
    await writeFile(unfinished, `${head}\n`, { mode: 0o600, flush: true });
    await rename(unfinished, this.#path);
  }
}
