import { DataSource, type DataSourceOptions } from 'typeorm';
import { AppError } from './errors.ts';
import type { Secret } from './secret.ts';

/** Tables and migrations, as `ormconfig.ts` lists them. */
export type DatabaseSchema = Extract<DataSourceOptions, { type: 'postgres' }>;

export interface DatabaseConnection {
  readonly url: Secret;
  /** Connections at most. */
  readonly pool: number;
  /** How long a statement may take, and a transaction wait for its next one, in milliseconds; 0 for as long as it takes. */
  readonly statementMs?: number;
  /** How long somebody waits for a connection, in milliseconds. */
  readonly connectMs?: number;
}

export const CONNECT_MS = 5_000;
export const STATEMENT_MS = 15_000;

/** pg-pool's words: it gives its errors no code. */
const NONE_FREE = 'timeout exceeded when trying to connect';

/** TypeORM's way to a connection of the pool. */
interface PooledDriver {
  obtainMasterConnection(): Promise<unknown>;
}

/**
 * An open pool on a database. Throws what pg throws when it cannot connect. Whoever waits in vain for a connection of a
 * drained pool gets BUSY: that is load, and no fault.
 */
export async function openDatabase(
  schema: DatabaseSchema,
  { url, pool, statementMs = STATEMENT_MS, connectMs = CONNECT_MS }: DatabaseConnection,
): Promise<DataSource> {
  const database = new DataSource({
    ...schema,
    url: url.reveal(),
    poolSize: pool,
    connectTimeoutMS: connectMs,
    applicationName: 'gatehouse',
    // A statement that hangs must not hold a connection, its locks and its request for ever.
    extra: { statement_timeout: statementMs, idle_in_transaction_session_timeout: statementMs },
    // Without it the pool's error on an idle connection (PostgreSQL restarted) would end the process.
    poolErrorHandler: () => undefined,
  });
  await database.initialize();
  const driver = database.driver as unknown as PooledDriver;
  const obtain = driver.obtainMasterConnection.bind(driver);
  driver.obtainMasterConnection = () => obtain().catch(refuseAsBusy);
  return database;
}

/**
 * Runs work as the owner of the tables, on connections that are open for it alone. It is SQL alone: no entity is known there. No
 * statement is given up: an index of a large table takes its time, and a node waits for as long as another one migrates.
 */
export async function asOwner<T>(
  schema: DatabaseSchema,
  connection: Omit<DatabaseConnection, 'statementMs'>,
  work: (owner: DataSource) => Promise<T>,
): Promise<T> {
  const owner = await openDatabase({ ...schema, entities: [] }, { ...connection, statementMs: 0 });
  return work(owner).finally(() => owner.destroy());
}

function refuseAsBusy(error: unknown): never {
  const isDrained = error instanceof Error && error.message === NONE_FREE;
  throw isDrained ? new AppError('BUSY', 'The server has too much to do. Try again.', { retryAfter: 1 }) : error;
}
