import { jest } from '@jest/globals';
import pg from 'pg';

/** What the workers beside requests do, whenever they like: seals, mails, jobs, keys, clean-up. */
const OF_WORKERS =
  /advisory|audit_(?:seals|positions|keys|tombstones)|(?:FROM|UPDATE|INTO) "?(?:mails|address_jobs|day_keys|signing_keys|nodes)|SKIP LOCKED|^SELECT 1$/;

interface Work {
  readonly texts: string[];
  /** A transaction under way. */
  isOpen: boolean;
}

/** Listens to all that servers of this process send to PostgreSQL. */
export class StatementRecorder {
  readonly #spy;
  readonly #open = new Map<unknown, Work>();
  #works: Work[] = [];

  constructor() {
    const send = pg.Client.prototype.query;
    const note = (client: unknown, statement: unknown) => this.#note(client, statement);
    this.#spy = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args) {
      note(this, args[0]);
      return Reflect.apply(send, this, args);
    });
  }

  /**
   * The statements that `work` makes them send, without those of their workers: whole transactions that began meanwhile, and single
   * statements.
   */
  async during(work: () => Promise<unknown>): Promise<readonly string[]> {
    this.#works = [];
    await work();
    return this.#works
      .filter(({ isOpen, texts }) => !isOpen && !texts.some((text) => OF_WORKERS.test(text)))
      .flatMap(({ texts }) => texts);
  }

  stop(): void {
    this.#spy.mockRestore();
  }

  #note(client: unknown, statement: unknown): void {
    const text = (typeof statement === 'string' ? statement : String((statement as { text?: unknown }).text)).trim();
    const known = this.#open.get(client);
    const work = known ?? { texts: [], isOpen: text.startsWith('START TRANSACTION') };
    work.texts.push(text);
    if (/^(?:COMMIT|ROLLBACK)/.test(text)) work.isOpen = false;
    if (!known) this.#works.push(work);
    if (work.isOpen) this.#open.set(client, work);
    else this.#open.delete(client);
  }
}
