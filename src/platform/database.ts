import { DataSource, type DataSourceOptions } from 'typeorm';
import type { Secret } from './secret.ts';

/** Tables and migrations, as `ormconfig.ts` lists them. */
export type DatabaseSchema = Extract<DataSourceOptions, { type: 'postgres' }>;

export interface DatabaseConnection {
  readonly url: Secret;
  /** Connections at most. */
  readonly pool: number;
}

const CONNECT_MS = 5_000;
const STATEMENT_MS = 15_000;

/** An open pool on a database. Throws what pg throws when it cannot connect. */
export async function openDatabase(schema: DatabaseSchema, { url, pool }: DatabaseConnection): Promise<DataSource> {
  const database = new DataSource({
    ...schema,
    url: url.reveal(),
    poolSize: pool,
    connectTimeoutMS: CONNECT_MS,
    applicationName: 'gatehouse',
    // A statement that hangs must not hold a connection, its locks and its request for ever.
    extra: { statement_timeout: STATEMENT_MS, idle_in_transaction_session_timeout: STATEMENT_MS },
    // Without it the pool's error on an idle connection (PostgreSQL restarted) would end the process.
    poolErrorHandler: () => undefined,
  });
  return database.initialize();
}
