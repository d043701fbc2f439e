import type { EntityManager } from 'typeorm';
import { signAuditJws } from '../crypto/audit-jws.ts';
import { auditSigner } from '../crypto/audit-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { CleanUpJob } from '../platform/clean-up.ts';
import { before } from '../platform/clock.ts';
import { trustKeys } from './audit-key-chain.ts';
import type { AuditTrail } from './audit-trail.ts';
import { deleteDayKeysOfDropped } from './day-keys.repository.ts';
import { hashHead } from './head.ts';
import { dropOldestBatch, findOldestSealBefore, insertTombstone } from './retention.repository.ts';
import { findAuditKeys } from './seals.repository.ts';
import type { Tombstone } from './tombstone.ts';

const DAY_SECONDS = 86_400;

/**
 * Drops whole sealed batches, the oldest first, once the trail has been kept for `keepDays`. Of each a signed tombstone is left, on
 * which the rest of the chain follows. The deletion itself is a function of the owner's, which holds to the owner's own floor.
 */
export const oldAuditBatches = (
  { keyring, audit }: { readonly keyring: Keyring; readonly audit: AuditTrail },
  keepDays: number,
): CleanUpJob => ({
  name: 'batches of the audit trail',
  deleteBatch: async (tx, now, limit) => {
    const keys = trustKeys(await findAuditKeys(tx), keyring.auditRoot);
    const signer = auditSigner(keyring, keys.newestId ?? '');
    let [batches, events, newest] = [0, 0, 0];
    for (; batches < limit; batches += 1) {
      const seal = await findOldestSealBefore(tx, before(now, keepDays * DAY_SECONDS));
      if (seal === undefined) break;
      const tombstone: Tombstone = {
        seal: seal.id,
        lastPosition: seal.lastPosition,
        head: hashHead(seal.head).toString('base64url'),
      };
      await insertTombstone(tx, seal.id, signAuditJws(signer, 'tombstone', tombstone), now);
      events += await dropOldestBatch(tx, seal.id);
      newest = seal.id;
    }
    if (batches > 0) {
      await recordDrop(tx, audit, { newest, events });
      await deleteDayKeysOfDropped(tx);
    }
    return batches;
  },
});

async function recordDrop(
  tx: EntityManager,
  audit: AuditTrail,
  { newest, events }: { newest: number; events: number },
) {
  const details = { lastBatch: newest, events };
  await audit.record(tx, { type: 'audit.dropped', by: { kind: 'SYSTEM' }, details });
}
