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

const JWS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** Every head that stands in a text: a file with one, or a log. Whether a trusted key signed them is not looked at. */
export const readHeadsIn = (text: string): readonly string[] => [
  ...new Set(
    [...text.matchAll(JWS)]
      .map(([head]) => head)
      .filter((head) => Buffer.from(head.split('.')[0] ?? '', 'base64url').includes('"gatehouse-audit-head+jws"')),
  ),
];
