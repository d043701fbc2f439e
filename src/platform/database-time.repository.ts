import type { EntityManager } from 'typeorm';

/** What the database's clock says. */
export async function readDatabaseTime(manager: EntityManager): Promise<Date> {
  const rows = await manager.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
  const [row] = rows;
  if (!row) throw new TypeError('PostgreSQL always knows the time.');
  return row.now;
}
