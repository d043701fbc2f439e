import type { DataSource } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import { before, type Clock } from '../platform/clock.ts';
import { findRole } from '../platform/migrations.repository.ts';
import { trustKeys } from './audit-key-chain.ts';
import { verifyMac } from './event-mac.ts';
import type { HeadFile } from './head-file.ts';
import { isHeadKnown } from './known-heads.ts';
import { VERIFICATION_EVENTS } from './scheduled-verification.ts';
import { findAuditKeys, findNewestSeal } from './seals.repository.ts';
import { countSealedEvents, findNewestOfTypes, findOverdue } from './verification.repository.ts';
import { OVERDUE_SECONDS } from './verify-trail.ts';

/** What is known of the trail without reading all of it. */
export interface Integrity {
  readonly intact: boolean;
  readonly verifiedAt: Date | null;
  readonly head: string | null;
  readonly sealedEvents: number;
  readonly firstBrokenId: string | null;
  readonly singleRole: boolean;
}

interface IntegrityParts {
  readonly database: DataSource;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly headFile: HeadFile;
}

/**
 * The verdict of the last verification, with what shows at once: an event that no sealer takes, and a head that this node has seen
 * and the database has not. The verdict is an event, so it cannot be planted: one whose MAC fails is itself what is broken.
 */
export async function readIntegrity({ database, keyring, clock, headFile }: IntegrityParts): Promise<Integrity> {
  const { manager } = database;
  const [last] = await findNewestOfTypes(manager, VERIFICATION_EVENTS, 1);
  const isForged = last !== undefined && verifyMac(keyring, last) !== 'INTACT';
  const overdue = await findOverdue(manager, before(clock.now(), OVERDUE_SECONDS));
  const kept = await headFile.read();
  const keys = trustKeys(await findAuditKeys(manager), keyring.auditRoot);
  const isRolledBack = kept !== undefined && !(await isHeadKnown(manager, keyring, keys, kept));
  const isBroken = isForged || last?.type === 'audit.broken';
  const brokenId = isForged ? last.id : last?.type === 'audit.broken' ? last.subjectId : null;
  return {
    intact: !isBroken && overdue === undefined && !isRolledBack,
    verifiedAt: last?.at ?? null,
    head: (await findNewestSeal(manager))?.head ?? null,
    sealedEvents: await countSealedEvents(manager),
    firstBrokenId: brokenId ?? overdue ?? null,
    singleRole: (await findRole(manager)).isPowerful,
  };
}
