import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';

const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';
const ATTEMPTS = 4;

/** The SQLSTATE of a failed statement, or undefined. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const code: unknown = 'code' in error.driverError ? error.driverError.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Whether a statement failed on the unique constraint `name`. */
export function isUniqueViolation(error: unknown, name: string): boolean {
  return (
    sqlState(error) === '23505' &&
    (error as QueryFailedError<Error & { constraint?: string }>).driverError.constraint === name
  );
}

/**
 * Runs `work` in one transaction: all of it is there afterwards, its audit events included, or nothing is. Where PostgreSQL
 * ends it to untie a deadlock, `work` runs again from its start, so it must not change anything outside the database. Nothing
 * slow (argon2, mail) belongs in it: it holds a connection and its locks.
 */
export const inTransaction = <T>(database: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> =>
  untied(() => database.transaction(work));

/** Runs `work`, a transaction or one statement, again from its start where PostgreSQL ends it to untie a deadlock. */
export async function untied<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const state = sqlState(error);
      const isUntied = state === DEADLOCK_DETECTED || state === SERIALIZATION_FAILURE;
      if (!isUntied || attempt === ATTEMPTS) throw error;
    }
  }
}
