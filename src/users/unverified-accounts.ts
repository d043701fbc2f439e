import type { AuditTrail } from '../audit/audit-trail.ts';
import type { CleanUpJob } from '../platform/clean-up.ts';
import { before } from '../platform/clock.ts';
import { deleteUnverified } from './unverified-accounts.repository.ts';

/**
 * Registrations that nobody verified within so many seconds: whoever typed the address may not have been its owner, so there is no
 * reason to keep it. The row goes whole; what was personal in its audit events was sealed under its key.
 */
export const unverifiedAccounts = (audit: AuditTrail, keepSeconds: number): CleanUpJob => ({
  name: 'unverified accounts',
  deleteBatch: async (tx, now, limit) => {
    const ids = await deleteUnverified(tx, { before: before(now, keepSeconds), now, limit });
    const events = ids.map((id) =>
      audit.stamp({ type: 'registration.expired', by: { kind: 'SYSTEM' }, subjectId: id, details: {} }),
    );
    await audit.write(tx, events);
    return ids.length;
  },
});
