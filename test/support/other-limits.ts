import { DEFAULT_MAX_ITEMS, DEFAULT_MAX_LENGTH } from '../../src/graphql/input-limits.ts';
import { SETTINGS, type SettingName } from '../../src/settings.ts';

type Row = readonly [of: string, maximum: string, setting: string, above: string];

/** Limits that are settings, with what a request gets that goes over them. */
const SET: readonly (readonly [of: string, setting: SettingName, above: string])[] = [
  ['bytes of a request body', 'BODY_LIMIT_BYTES', 'status 413, `BAD_USER_INPUT`; the rest is not read'],
  ['seconds in which headers and body must have come', 'REQUEST_SECONDS', 'status 408, and the connection is closed'],
  ['seconds that a connection may be idle', 'KEEP_ALIVE_SECONDS', 'it is closed'],
  ['connections at once', 'MAX_CONNECTIONS', 'one more is closed unheard'],
  ['milliseconds that the event loop lags', 'SHED_DELAY_MS', 'status 503, `BUSY` with `retryAfter`; health answers'],
  ['MiB of the heap', 'SHED_HEAP_MIB', 'status 503, `BUSY` with `retryAfter`; health answers'],
  ['password hashes that wait', 'HASH_QUEUE', '`BUSY` with `retryAfter`'],
  ['milliseconds that one waits', 'HASH_QUEUE_MS', '`BUSY` with `retryAfter`'],
  ['live sessions of a person', 'SESSIONS_PER_USER', 'a new login ends the oldest'],
];

/** Limits without a setting. */
const FIXED: readonly Row[] = [
  ['rows of a page (`first`)', '100', 'none', '`BAD_USER_INPUT`, OUT_OF_RANGE'],
  ['characters of a text without a limit of its own', String(DEFAULT_MAX_LENGTH), 'none', '`BAD_USER_INPUT`, TOO_LONG'],
  ['items of a list without a limit of its own', String(DEFAULT_MAX_ITEMS), 'none', '`BAD_USER_INPUT`, TOO_LONG'],
  ['characters of a password', '256', 'none', '`WEAK_PASSWORD` or `BAD_USER_INPUT`, TOO_LONG; nothing is hashed'],
  ['live mailed tokens of a person and purpose', '3', 'none', 'a new one ends the oldest'],
  ['bytes of TRUSTED_DOCUMENTS_FILE', '16777216', 'none', 'the server does not start'],
];

/** Rows for docs/limits.md, with the defaults that are in force. */
export const otherLimits = (): readonly Row[] => [
  ...SET.map(([of, name, above]): Row => [of, SETTINGS[name].shownDefault.replaceAll('`', ''), `\`${name}\``, above]),
  ...FIXED,
];
