import type { SealingKey } from '../crypto/keyring.ts';
import { open, type Place, SealBroken, type Sealed } from '../crypto/sealed.ts';
import type { AuditEventEntity } from './audit-event.entity.ts';
import { type Committed, isCommittedTo, type OriginValue, type PersonalValues } from './commitment.ts';

type EventValues = Pick<AuditEventEntity, 'id' | 'origin' | 'originCommitment' | 'subjectData' | 'subjectCommitment'>;

/** Where the actor of an event came from; null where it says nothing of it. Throws SealBroken. */
export function openOrigin({ id, origin, originCommitment }: EventValues, key: SealingKey): OriginValue | null {
  return openCommitted(key, { table: 'audit_events', column: 'origin', rowId: id }, origin, originCommitment);
}

/** What is personal about the subject of an event; null where nothing is. Throws SealBroken. */
export function openPersonal(
  { id, subjectData, subjectCommitment }: EventValues,
  key: SealingKey,
): PersonalValues | null {
  return openCommitted(
    key,
    { table: 'audit_events', column: 'subject_data', rowId: id },
    subjectData,
    subjectCommitment,
  );
}

/** Opens, and holds the value against the commitment that MAC and seal cover: a ciphertext alone binds to no one value. */
function openCommitted<T extends OriginValue | PersonalValues>(
  key: SealingKey,
  place: Place,
  sealed: Sealed<Committed<T>> | null,
  commitment: Buffer | null,
): T | null {
  if (sealed === null || commitment === null) return null;
  const committed = open(key, place, sealed);
  if (!isCommittedTo(commitment, committed)) throw new SealBroken(place, key.id);
  return committed.value;
}
