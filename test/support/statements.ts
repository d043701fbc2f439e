import { jest } from '@jest/globals';
import pg from 'pg';

/** What the workers beside requests do, whenever they like: seals, mails, jobs, keys, clean-up. */
const OF_WORKERS =
  /advisory|audit_(?:seals|positions|keys|tombstones)|(?:FROM|UPDATE|INTO) "?(?:mails|address_jobs|day_keys|signing_keys|nodes)|SKIP LOCKED|^SELECT 1$/;

interface Sent {
  readonly client: unknown;
  readonly text: string;
}

/** The statements that `work` makes the servers of this process send to PostgreSQL, those of their workers left out. */
export async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const sent: Sent[] = [];
  const send = pg.Client.prototype.query;
  const spy = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...args: unknown[]
  ) {
    const [statement] = args;
    sent.push({ client: this, text: (typeof statement === 'string' ? statement : textOf(statement)).trim() });
    return Reflect.apply(send, this, args);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return transactionsOf(sent)
    .filter((texts) => !texts.some((text) => OF_WORKERS.test(text)))
    .flat();
}

const textOf = (statement: unknown) => String((statement as { text?: unknown }).text);

/** Whole transactions and single statements, each by itself; one that had begun before, or goes on, is a worker's. */
function transactionsOf(sent: readonly Sent[]): readonly (readonly string[])[] {
  const open = new Map<unknown, string[]>();
  const done: string[][] = [];
  for (const { client, text } of sent) {
    const transaction = open.get(client) ?? (text.startsWith('START TRANSACTION') ? [] : undefined);
    if (!transaction) {
      if (!/^(?:COMMIT|ROLLBACK)/.test(text)) done.push([text]);
      continue;
    }
    transaction.push(text);
    open.set(client, transaction);
    if (!/^(?:COMMIT|ROLLBACK)/.test(text)) continue;
    open.delete(client);
    done.push(transaction);
  }
  return done;
}
