import type { EntityManager } from 'typeorm';
import type { HeldKeys } from '../crypto/keyring.ts';
import type { NodeId } from '../platform/ids.ts';

/** A server as its last sign of life described it. */
export interface LiveNode {
  readonly id: NodeId;
  readonly name: string;
  readonly keys: HeldKeys;
  readonly seenAt: Date;
}

/** A server that has given no sign for so long is dead: fifteen of its heartbeats are missing. */
const LIVE = `interval '30 seconds'`;

/** One sign of life; whoever has given none for long is taken off. All by the database's clock, so that no node's own counts. */
export async function markAlive(manager: EntityManager, { id, name, keys }: Omit<LiveNode, 'seenAt'>): Promise<void> {
  await manager.query(
    `INSERT INTO nodes (id, name, keys, started_at, seen_at) VALUES ($1, $2, $3, now(), now())
     ON CONFLICT (id) DO UPDATE SET keys = $3, seen_at = now()`,
    [id, name, JSON.stringify(keys)],
  );
  await manager.query(`DELETE FROM nodes WHERE seen_at < now() - 10 * ${LIVE}`);
}

export async function deleteNode(manager: EntityManager, id: NodeId): Promise<void> {
  await manager.query('DELETE FROM nodes WHERE id = $1', [id]);
}

export function findLiveNodes(manager: EntityManager): Promise<LiveNode[]> {
  return manager.query(
    `SELECT id, name, keys, seen_at AS "seenAt" FROM nodes WHERE seen_at >= now() - ${LIVE} ORDER BY name, id`,
  );
}
