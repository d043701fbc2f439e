import type { EntityManager } from 'typeorm';
import { readBatch } from './export-lines.ts';
import { type AuditProof, makeProof } from './proof.ts';
import { findAuditKeys, findSealOf } from './seals.repository.ts';

/** The proof of one event. Throws an Error where it is not in the trail, not sealed yet, or its batch is broken. */
export async function proveEvent(manager: EntityManager, id: string): Promise<AuditProof> {
  const seal = await findSealOf(manager, id);
  if (!seal) throw new Error('No sealed event has this id: a new one is sealed within a second or two');
  const batch = await readBatch(manager, seal);
  const index = batch.events.findIndex((event) => event.id === id);
  return makeProof(batch, index, await findAuditKeys(manager));
}
