import type { Actor, EventRequest } from '../audit/audit-event.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { SealingKey } from '../crypto/keyring.ts';
import type { UserId } from '../platform/ids.ts';
import type { UserRecord } from './user.record.ts';

/**
 * Who and whom of an audit event that tells what a person did with their own account. Without a key where theirs does not open: what
 * is not personal can be told all the same.
 */
export function ownAct(
  request: EventRequest | undefined,
  user: Pick<UserRecord, 'id' | 'dataKey'>,
  dataKeys: DataKeys,
): { readonly by: Actor; readonly subjectId: UserId; readonly subjectKey: SealingKey | undefined } {
  const key = user.dataKey === null ? undefined : dataKeys.find(user.dataKey);
  return { by: { kind: 'USER', id: user.id, key, request }, subjectId: user.id, subjectKey: key };
}
