import type { SealBroken } from '../crypto/sealed.ts';
import type { Actor, AuditEvent } from './audit-event.ts';
import { toName } from './event-details.ts';

/** What the trail tells of a sealed value that did not open: where it stands, and nothing of the value. */
export const brokenSeal = ({ table, column, rowId }: SealBroken, by: Actor): AuditEvent => ({
  type: 'seal.broken',
  by,
  subjectId: toName(rowId),
  details: { table: toName(table), column: toName(column) },
});
