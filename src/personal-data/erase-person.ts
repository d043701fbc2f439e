import type { EntityManager } from 'typeorm';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../platform/clock.ts';
import type { UserId } from '../platform/ids.ts';
import { deletePersonalRows, insertErasure, markErased } from './erasure.repository.ts';

/**
 * Takes from the database all that is personal of one user, whose row the caller holds. The event is written first, while the keys
 * that seal it are there: they go with everything else, and what was personal in the trail goes with them.
 */
export async function erasePerson(
  tx: EntityManager,
  { audit, clock }: { readonly audit: AuditTrail; readonly clock: Clock },
  { id }: { readonly id: UserId },
  event: AuditEvent<'user.erased' | 'user.erased_by_administrator'>,
): Promise<void> {
  await audit.record(tx, event);
  await deletePersonalRows(tx, id);
  await markErased(tx, id);
  await insertErasure(tx, id, clock.now());
}
