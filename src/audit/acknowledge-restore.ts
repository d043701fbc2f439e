import type { DataSource } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import { inTransaction } from '../platform/transaction.ts';
import type { Actor } from './audit-event.ts';
import { trustKeys } from './audit-key-chain.ts';
import type { AuditTrail } from './audit-trail.ts';
import { toName } from './event-details.ts';
import { type Head, hashHead, readHead } from './head.ts';
import { isHeadKnown } from './known-heads.ts';
import { findAuditKeys } from './seals.repository.ts';

/**
 * Records that the end of the chain up to the newest of `heads` was lost to a restore. Throws an Error where no trusted key signed
 * one of them, or where nothing is lost.
 */
export async function acknowledgeRestore(
  { database, keyring, audit }: { database: DataSource; keyring: Keyring; audit: AuditTrail },
  by: Actor,
  heads: readonly string[],
): Promise<Head> {
  const keys = trustKeys(await findAuditKeys(database.manager), keyring.auditRoot);
  const read = heads.flatMap((text) => {
    const head = readHead(text, keys);
    return head ? [{ text, head }] : [];
  });
  const lost = read.reduce<(typeof read)[number] | undefined>(
    (newest, each) => (newest && newest.head.seal >= each.head.seal ? newest : each),
    undefined,
  );
  if (!lost) throw new Error('There is no head in the file that an audit key of this keyring signed');
  if (await isHeadKnown(database.manager, keyring, keys, lost.text))
    throw new Error('The database has this head: nothing is lost');
  const details = { lostBatch: lost.head.seal, lostHead: toName(hashHead(lost.text).toString('base64url')) };
  await inTransaction(database, (tx) => audit.record(tx, { type: 'audit.restore_acknowledged', by, details }));
  return lost.head;
}
