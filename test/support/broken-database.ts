import { jest } from '@jest/globals';
import { Client as Connection } from 'pg';

/** Transactions of the work beside requests: they begin with a lock, or look for work that waits. */
const BESIDE = /pg_try_advisory_xact_lock|FROM mails|FROM address_jobs|audit_keys|nodes/;

/** Whose statements fail: those of the request under way, or of the job that it left. */
export type Victim = 'request' | 'job';

/** Whether a transaction that begins with this statement is the victim's. */
const isTransactionOf = (victim: Victim, text: string) =>
  victim === 'job' ? /^DELETE FROM address_jobs/.test(text) : !BESIDE.test(text);

/** Statements that need no transaction: a change and its event in one, and the worker's claim of a job. */
const isSingleOf = (victim: Victim, text: string) =>
  (victim === 'job'
    ? /UPDATE address_jobs SET attempts/
    : /UPDATE (?:sessions|profiles)[\s\S]*INSERT INTO audit_events/
  ).test(text);

const textOf = (statement: unknown) =>
  (typeof statement === 'string' ? statement : String((statement as { text?: unknown }).text)).trim();

/** Fails the `failing`-th statement of the victim, once; the COMMIT of its transaction is one of them. */
export function breakDatabase(failing: number, victim: Victim = 'request') {
  const original = Connection.prototype.query;
  const open = new Map<unknown, 'unknown' | 'ours' | 'beside'>();
  let seen = 0;
  const query = jest.spyOn(Connection.prototype, 'query').mockImplementation(function (
    this: Connection,
    ...args: unknown[]
  ) {
    const text = textOf(args[0]);
    const isOpen = open.has(this);
    // A worker that is done with a job looks for the next one: that is no statement of the first.
    let isOurs = !isOpen && isSingleOf(victim, text) && (victim === 'request' || seen === 0);
    if (/^START TRANSACTION/.test(text)) open.set(this, 'unknown');
    else if (isOpen) {
      if (open.get(this) === 'unknown') open.set(this, isTransactionOf(victim, text) ? 'ours' : 'beside');
      isOurs = open.get(this) === 'ours' && text !== 'ROLLBACK';
      if (/^(COMMIT|ROLLBACK)/.test(text)) open.delete(this);
    }
    if (isOurs) seen += 1;
    if (isOurs && seen === failing) return Promise.reject(new Error('the connection broke')) as never;
    return Reflect.apply(original, this, args) as never;
  });
  return {
    hasBroken: () => seen >= failing,
    /** Transactions under way, the victim's or others'. */
    isBusy: () => open.size > 0,
    mend: () => query.mockRestore(),
  };
}
