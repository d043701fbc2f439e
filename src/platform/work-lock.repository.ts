import type { EntityManager } from 'typeorm';

/** Work that one node at a time does, each with the number of its advisory lock: any will do, so long as it stays that one. */
const LOCKS = {
  'clean-up': 4_711_003n,
  'audit-seal': 4_711_030n,
  'audit-verify': 4_711_031n,
  'signing-keys': 4_711_020n,
} as const satisfies Record<string, bigint>;

export type WorkName = keyof typeof LOCKS;

/**
 * Takes the lock of `work` until the caller's transaction ends, without waiting: false while another transaction holds it. It
 * goes with the transaction, since a session's lock would not hold behind a pooler, and a node that dies leaves none behind. It
 * saves work and no more: what is done under it must be right on two nodes at once too.
 */
export async function takeWorkLock(manager: EntityManager, work: WorkName): Promise<boolean> {
  const rows = await manager.query<{ taken: boolean }[]>('SELECT pg_try_advisory_xact_lock($1::bigint) AS taken', [
    LOCKS[work].toString(),
  ]);
  return rows[0]?.taken === true;
}
