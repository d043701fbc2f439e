import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

/** Processes are killed in these tests, the machine is not: nothing has to wait for the disk. */
export const UNSYNCED = { fsync: 'off' };

/** A DATA_DIR that does not exist yet, below the directory of the test run, which is removed whole. */
export function newDataDir(): string {
  return join(process.env['TEST_POSTGRES_DIR'] ?? '', `data-${randomUUID()}`);
}

/** The process number of the PostgreSQL that runs on a DATA_DIR. */
export function pidOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The rows that `sql` answers, over a connection of its own. */
export async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** The code of the error that `sql`, or the attempt to connect, ends with; `none` when it works. */
export function refusal(url: string, sql = 'SELECT 1'): Promise<string> {
  return ask(url, sql).then(
    () => 'none',
    (error) => String(error.code),
  );
}
