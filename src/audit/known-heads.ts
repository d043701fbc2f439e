import type { EntityManager } from 'typeorm';
import type { Keyring } from '../crypto/keyring.ts';
import type { TrustedAuditKeys } from './audit-key-chain.ts';
import { verifyMac } from './event-mac.ts';
import { hashHead, readHead } from './head.ts';
import { findSeal, findTombstone } from './seals.repository.ts';
import { readTombstone } from './tombstone.ts';
import { findNewestOfTypes } from './verification.repository.ts';

const ACKNOWLEDGEMENTS = 1_000;

/**
 * Whether the chain in the database has this head, had it and dropped it with the oldest, or lost it to a restore that an operator
 * has acknowledged.
 */
export async function isHeadKnown(
  manager: EntityManager,
  keyring: Keyring,
  keys: TrustedAuditKeys,
  text: string,
): Promise<boolean> {
  const head = readHead(text, keys);
  if (!head) return false;
  const stored = await findSeal(manager, head.seal);
  if (stored?.head === text) return true;
  const dropped = readTombstone((await findTombstone(manager, head.seal)) ?? '', keys);
  if (!stored && dropped?.head === hashHead(text).toString('base64url')) return true;
  const acknowledged = await findNewestOfTypes(manager, ['audit.restore_acknowledged'], ACKNOWLEDGEMENTS);
  return acknowledged.some(
    (event) =>
      verifyMac(keyring, event) === 'INTACT' &&
      Number(event.details['lostBatch']) >= head.seal &&
      event.at.getTime() >= new Date(head.sealedAt).getTime(),
  );
}
