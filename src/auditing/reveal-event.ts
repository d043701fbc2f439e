import type { EntityManager } from 'typeorm';
import { canonicalJson } from '../audit/canonical-json.ts';
import { openCommittedOrigin, openCommittedSubject } from '../audit/open-event.ts';
import type { Opening } from '../audit/proof.ts';
import type { SealedEvent } from '../audit/seals.repository.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { unwrapDayKey } from '../crypto/day-keys.ts';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { findDataKeys, findDayKeys, findSealedValues } from './audit-pages.repository.ts';

interface RevealParts {
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
}

/**
 * What is personal in an event, with what shows that it was there when the event was sealed. A field whose key is gone (its person was
 * erased, or its day is over 30 days past) says so. Throws SealBroken for one that was changed or taken away.
 */
export async function revealEvent(
  manager: EntityManager,
  parts: RevealParts,
  event: SealedEvent,
): Promise<readonly Opening[]> {
  const values = { ...event, ...(await findSealedValues(manager, event.id)) };
  const fields = [
    { name: 'origin', commitment: event.originCommitment, keyKind: event.originKeyKind, keyId: event.originKeyId },
    { name: 'subject', commitment: event.subjectCommitment, keyKind: event.subjectKeyKind, keyId: event.subjectKeyId },
  ] as const;
  const openings: Opening[] = [];
  for (const { name, commitment, keyKind, keyId } of fields) {
    if (commitment === null) continue;
    const key = await findKey(manager, parts, keyKind, keyId ?? '');
    const opened = key && (name === 'origin' ? openCommittedOrigin(values, key) : openCommittedSubject(values, key));
    openings.push(opened ? { name, salt: opened.salt, value: canonicalJson(opened.value) } : { name, erased: true });
  }
  return openings;
}

async function findKey(
  manager: EntityManager,
  { keyring, dataKeys }: RevealParts,
  kind: string | null,
  id: string,
): Promise<SealingKey | undefined> {
  if (kind === 'DATA') {
    const [row] = await findDataKeys(manager, [id]);
    return row && dataKeys.unwrap(row);
  }
  const [row] = await findDayKeys(manager, [id]);
  return row && unwrapDayKey(keyring, row);
}
