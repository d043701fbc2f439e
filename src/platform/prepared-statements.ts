import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import type { NamedStatement, PipelinedClients } from './pipelined-clients.ts';
import { sqlState } from './transaction.ts';

const LOCK_NOT_AVAILABLE = '55P03';

const shared = new WeakMap<DataSource, Pick<PipelinedClients, 'run'>>();

/**
 * From now on the statements of `queryPrepared` are prepared once by each connection of this pool, and outside of transactions
 * they run on `clients`. Not behind a pooler that cannot take that.
 */
export const prepareWith = (database: DataSource, clients: Pick<PipelinedClients, 'run'>): void =>
  void shared.set(database, clients);

/**
 * The rows of a statement that runs often and is long to parse. Its text must be one of a few that the program holds: a connection
 * keeps each for as long as it lives. It begins with WITH, SELECT or INSERT: of others TypeORM answers something else than rows.
 * Throws QueryFailedError.
 */
export async function queryPrepared<Row extends object>(
  manager: EntityManager,
  statement: NamedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const clients = shared.get(manager.dataSource);
  if (clients === undefined) return manager.query<Row[]>(statement.text, [...values]);
  if (manager.queryRunner !== undefined) return queryNamed(manager, statement, values);
  try {
    return await clients.run<Row>(statement, values);
  } catch (error) {
    const failed = new QueryFailedError(statement.name, undefined, error instanceof Error ? error : new Error());
    // Nothing was done. Whoever must wait for a row waits where nobody else stands behind.
    if (sqlState(failed) === LOCK_NOT_AVAILABLE) return queryNamed(manager, statement, values);
    throw failed;
  }
}

/** TypeORM's types know texts alone; it hands on to pg what it is given. */
const queryNamed = <Row>(
  manager: EntityManager,
  { name, text }: NamedStatement,
  values: readonly unknown[],
): Promise<Row[]> => manager.query<Row[]>({ name, text } as unknown as string, [...values]);
