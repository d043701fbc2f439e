import type { OneStatementChange } from '../audit/audit.repository.ts';
import type { UserId } from '../platform/ids.ts';
import { PROFILE_COLUMNS, PROFILE_FIELDS } from './profile.fields.ts';
import type { SealedChange } from './profile.sealing.ts';

const SETS = PROFILE_FIELDS.map((field, index) => {
  const column = PROFILE_COLUMNS[field];
  return `${column} = CASE WHEN '${field}' = ANY ($3::text[]) THEN $${index + 4} ELSE ${column} END`;
});
/** One text for all changes: one for each choice of columns would be a thousand that a connection prepares. */
const CHANGE = `changed AS (UPDATE profiles SET updated_at = $2, ${SETS.join(', ')} WHERE user_id = $1 RETURNING user_id)`;

/** Writes the columns that a change touches: a statement that its audit event goes with. The caller holds the user's row. */
export const profileChange = (userId: UserId, columns: SealedChange, now: Date): OneStatementChange => ({
  name: 'profile-change',
  text: CHANGE,
  values: [
    userId,
    now,
    PROFILE_FIELDS.filter((field) => columns[field] !== undefined),
    ...PROFILE_FIELDS.map((field) => columns[field]?.bytes ?? null),
  ],
});
