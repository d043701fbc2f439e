import type { Viewer } from '../access/request-context.ts';
import type { OneStatementChange } from '../audit/audit.repository.ts';
import type { DataKeyId } from '../platform/ids.ts';
import { HELD_WITH_KEY, heldValues } from './held-actor.repository.ts';
import { PROFILE_COLUMNS, PROFILE_FIELDS } from './profile.fields.ts';
import type { SealedChange } from './profile.sealing.ts';
import { PROFILE_ROW } from './users.repository.ts';

const SETS = PROFILE_FIELDS.map((field, index) => {
  const column = PROFILE_COLUMNS[field];
  return `${column} = CASE WHEN '${field}' = ANY ($6::text[]) THEN $${index + 7} ELSE p.${column} END`;
});
/** One text for all changes: one for each choice of columns would be a thousand that a connection prepares. */
const CHANGE = `${HELD_WITH_KEY}, changed AS (
  UPDATE profiles p SET updated_at = $3, ${SETS.join(', ')} WHERE user_id = $1 AND EXISTS (SELECT FROM held) RETURNING ${PROFILE_ROW})`;

/**
 * Writes the columns that a change touches, sealed under the data key `keyId` that the viewer was read with: a statement that its
 * audit event goes with. Answers the profile as a `ProfileRow`. Not made where the viewer may not act any more, or that key was
 * replaced: which of both, `holdActor` says.
 */
export const profileChange = (
  viewer: Viewer,
  keyId: DataKeyId,
  columns: SealedChange,
  now: Date,
): OneStatementChange => ({
  name: 'profile-change',
  text: CHANGE,
  values: [
    ...heldValues(viewer, keyId, now),
    PROFILE_FIELDS.filter((field) => columns[field] !== undefined),
    ...PROFILE_FIELDS.map((field) => columns[field]?.bytes ?? null),
  ],
});
