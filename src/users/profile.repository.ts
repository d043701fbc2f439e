import type { OneStatementChange } from '../audit/audit.repository.ts';
import type { UserId } from '../platform/ids.ts';
import { PROFILE_COLUMNS, PROFILE_FIELDS } from './profile.fields.ts';
import type { SealedChange } from './profile.sealing.ts';

/** Writes the columns that a change touches: a statement that its audit event goes with. The caller holds the user's row. */
export function profileChange(userId: UserId, columns: SealedChange, now: Date): OneStatementChange {
  const touched = PROFILE_FIELDS.filter((field) => columns[field] !== undefined);
  const sets = touched.map((field, index) => `${PROFILE_COLUMNS[field]} = $${index + 3}`);
  return {
    text: `changed AS (UPDATE profiles SET ${['updated_at = $2', ...sets].join(', ')} WHERE user_id = $1 RETURNING user_id)`,
    values: [userId, now, ...touched.map((field) => columns[field]?.bytes ?? null)],
  };
}
