import type { SealingKey } from '../crypto/keyring.ts';
import { open, type Place, SealBroken, type Sealed } from '../crypto/sealed.ts';
import type { AuditEventEntity } from './audit-event.entity.ts';
import {
  type Committed,
  type CommittedOrigin,
  type CommittedSubject,
  isCommittedTo,
  type OriginValue,
  type PersonalValues,
} from './commitment.ts';

type EventValues = Pick<AuditEventEntity, 'id' | 'origin' | 'originCommitment' | 'subjectData' | 'subjectCommitment'>;

/** Where the actor of an event came from; null where it says nothing of it. Throws SealBroken. */
export const openOrigin = (event: EventValues, key: SealingKey): OriginValue | null =>
  openCommittedOrigin(event, key)?.value ?? null;

/** What is personal about the subject of an event; null where nothing is. Throws SealBroken. */
export const openPersonal = (event: EventValues, key: SealingKey): PersonalValues | null =>
  openCommittedSubject(event, key)?.value ?? null;

/** As `openOrigin`, with what the commitment was made of. */
export const openCommittedOrigin = ({ id, origin, originCommitment }: EventValues, key: SealingKey) =>
  openCommitted<CommittedOrigin>(key, { table: 'audit_events', column: 'origin', rowId: id }, origin, originCommitment);

/** As `openPersonal`, with what the commitment was made of. */
export const openCommittedSubject = ({ id, subjectData, subjectCommitment }: EventValues, key: SealingKey) =>
  openCommitted<CommittedSubject>(
    key,
    { table: 'audit_events', column: 'subject_data', rowId: id },
    subjectData,
    subjectCommitment,
  );

/**
 * Opens, and holds the value against the commitment that MAC and seal cover: a ciphertext alone binds to no one value. One of the two
 * without the other was taken away, and is no field that was never set.
 */
function openCommitted<C extends Committed<OriginValue | PersonalValues>>(
  key: SealingKey,
  place: Place,
  sealed: Sealed<C> | null,
  commitment: Buffer | null,
): C | null {
  if (sealed === null && commitment === null) return null;
  if (sealed === null || commitment === null) throw new SealBroken(place, key.id);
  const committed = open(key, place, sealed);
  if (!isCommittedTo(commitment, committed)) throw new SealBroken(place, key.id);
  return committed;
}
