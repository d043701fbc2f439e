import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Random } from '../platform/random.ts';
import { codeOf } from '../platform/system-error.ts';

/**
 * The newest head that this node knows, in a file outside the database: who rolls the database back cannot roll it back too. Copy
 * it, or the log's lines, to where the database's administrators have no hand.
 */
export class HeadFile {
  readonly #path: string;
  readonly #random: Random;

  constructor(path: string, random: Random) {
    this.#path = path;
    this.#random = random;
  }

  async read(): Promise<string | undefined> {
    try {
      return (await readFile(this.#path, 'utf8')).trim() || undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Puts `head` in place of the one before, whole or not at all, also where a command and a server of one DATA_DIR do so at once: half
   * a head is none that the database knows, and would stand there as the proof of a rollback.
   */
  async write(head: string): Promise<void> {
    const unfinished = `${this.#path}.${this.#random.bytes(6).toString('hex')}`;
    try {
      await writeFile(unfinished, `${head}\n`, { mode: 0o600, flag: 'wx', flush: true });
      await rename(unfinished, this.#path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }
}

const JWS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** Every head that stands in a text: a file with one, or a log. Whether a trusted key signed them is not looked at. */
export const readHeadsIn = (text: string): readonly string[] => [
  ...new Set(
    [...text.matchAll(JWS)]
      .map(([head]) => head)
      .filter((head) => Buffer.from(head.split('.')[0] ?? '', 'base64url').includes('"gatehouse-audit-head+jws"')),
  ),
];
