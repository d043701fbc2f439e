import type { Place } from '../crypto/sealed.ts';
import type { SessionId } from '../platform/ids.ts';

const COLUMNS = { refreshKey: 'refresh_key', ip: 'ip', userAgent: 'user_agent' } as const;

/** Where a sealed value of a session stands. */
export const sessionPlace = (id: SessionId, field: keyof typeof COLUMNS): Place => ({
  table: 'sessions',
  column: COLUMNS[field],
  rowId: id,
});
