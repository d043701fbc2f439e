import type { EntityManager } from 'typeorm';
import { readBatch } from './export-lines.ts';
import { type AuditProof, makeProof } from './proof.ts';
import { findAuditKeys, findSealOf, type SealedEvent } from './seals.repository.ts';

/** One event and its proof. Throws an Error where it is not in the trail, not sealed yet, or its batch is broken. */
export async function proveEvent(
  manager: EntityManager,
  id: string,
): Promise<{ readonly proof: AuditProof; readonly event: SealedEvent }> {
  const seal = await findSealOf(manager, id);
  if (!seal) throw new Error('No sealed event has this id: a new one is sealed within a second or two');
  const batch = await readBatch(manager, seal);
  const index = batch.events.findIndex((each) => each.id === id);
  const event = batch.events[index];
  if (!event) throw new Error(`Another event stands in the place of this one: run gatehouse audit verify`);
  return { proof: makeProof(batch, index, await findAuditKeys(manager)), event };
}
