import type { EntityManager } from 'typeorm';
import { verifyMac } from '../audit/event-mac.ts';
import type { SealedEvent } from '../audit/seals.repository.ts';
import { findNewestOfTypes } from '../audit/verification.repository.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { KeyName } from '../crypto/keyring-edit.ts';
import type { RootPurpose } from '../crypto/keyring-text.ts';

/** Far more than there are rotations between two retentions of the trail. */
const ACTIVATIONS = 100;

/** When which key of the purpose took over, newest first, as far as the audit trail tells of it: rows do not. None of a forged event. */
export async function findActivations(
  manager: EntityManager,
  keyring: Keyring,
  purpose: RootPurpose,
): Promise<SealedEvent[]> {
  const events = await findNewestOfTypes(manager, ['key.activated'], ACTIVATIONS);
  return events.filter((event) => event.details['purpose'] === purpose && verifyMac(keyring, event) === 'INTACT');
}

/** When another key took over from this one; undefined where the trail does not tell (it was dropped, or a keyring was edited by hand). */
export async function findReplacedAt(
  manager: EntityManager,
  keyring: Keyring,
  key: KeyName,
): Promise<Date | undefined> {
  const activations = await findActivations(manager, keyring, key.purpose);
  const own = activations.findIndex(({ subjectId }) => subjectId === key.id);
  return activations.slice(0, own === -1 ? undefined : own).at(-1)?.at;
}
