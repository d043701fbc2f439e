import type { Config } from '../config.ts';

/**
 * Who or what a row counts. `client` is an IPv4 address or the /64 of an IPv6 one, `account` the canonical address that was
 * typed, whether anyone has it or not, `user` and `session` the viewer's, `token` the text of a token that was handed in.
 */
export type IdentityPart = 'client' | 'account' | 'user' | 'session' | 'token';
export type RateLimitKey = IdentityPart | 'client+account';

/** One limit: `points` attempts by one key within `windowSeconds` from the first of them. */
export interface RateLimitRow {
  readonly name: RateLimitName;
  readonly points: number;
  readonly windowSeconds: number;
  readonly key: RateLimitKey;
  /** `failures`: an attempt that succeeds is given back. Either way one that was never tried (BUSY, say) is. */
  readonly counts: 'every' | 'failures';
  readonly answers: 'RATE_LIMITED';
  /** What is counted, for the docs. */
  readonly of: string;
}

interface RowDefault extends Omit<RateLimitRow, 'name' | 'answers'> {}

const MINUTE = 60;
const HOUR = 3_600;

/**
 * Every rate limit there is. A row is shared by all fields that name it. Nothing counts by `session` before the token that
 * names it was checked: a session's id is no secret, and whoever knows one could use up its owner's attempts.
 */
const DEFAULTS = {
  loginByClientAndAccount: {
    points: 10,
    windowSeconds: 15 * MINUTE,
    key: 'client+account',
    counts: 'failures',
    of: 'wrong passwords of one client for one account',
  },
  loginByClient: {
    points: 30,
    windowSeconds: HOUR,
    key: 'client',
    counts: 'failures',
    of: 'wrong passwords of one client for any account',
  },
  loginByAccount: {
    points: 100,
    windowSeconds: HOUR,
    key: 'account',
    counts: 'failures',
    of: 'wrong passwords of all clients for one account',
  },
  mailByClient: {
    points: 20,
    windowSeconds: HOUR,
    key: 'client',
    counts: 'every',
    of: 'requests of one client that send a mail (register, resendVerification, requestPasswordReset, requestEmailChange)',
  },
  mailByAccount: {
    points: 5,
    windowSeconds: HOUR,
    key: 'account',
    counts: 'every',
    of: 'requests of all clients that send a mail to one address (the same four)',
  },
  mailTokenByClient: {
    points: 30,
    windowSeconds: HOUR,
    key: 'client',
    counts: 'failures',
    of: 'mailed tokens of one client that do not work (verifyEmail, resetPassword, …)',
  },
  proofBySession: {
    points: 10,
    windowSeconds: 15 * MINUTE,
    key: 'session',
    counts: 'failures',
    of: 'wrong passwords in one session (reauthenticate, changePassword)',
  },
  serviceTokenByUser: {
    points: 120,
    windowSeconds: MINUTE,
    key: 'user',
    counts: 'every',
    of: 'tokens for other services of one user',
  },
  refreshByClient: {
    points: 600,
    windowSeconds: 10 * MINUTE,
    key: 'client',
    counts: 'every',
    of: 'refreshes of one client',
  },
  refreshByToken: {
    points: 60,
    windowSeconds: 10 * MINUTE,
    key: 'token',
    counts: 'every',
    of: 'refreshes with one and the same refresh token (tabs that share it, repeats of lost answers)',
  },
  updateProfileByUser: {
    points: 60,
    windowSeconds: MINUTE,
    key: 'user',
    counts: 'every',
    of: 'changes of one profile',
  },
  exportByUser: {
    points: 3,
    windowSeconds: 24 * HOUR,
    key: 'user',
    counts: 'every',
    of: 'copies of all data of one person (exportMyData)',
  },
  administrationByUser: {
    points: 300,
    windowSeconds: MINUTE,
    key: 'user',
    counts: 'every',
    of: 'acts of administration of one user (createUser, assignRole, …)',
  },
  auditReadingByUser: {
    points: 300,
    windowSeconds: MINUTE,
    key: 'user',
    counts: 'every',
    of: 'readings of the audit trail by one user (auditEvents, auditIntegrity)',
  },
  readingByUser: {
    points: 300,
    windowSeconds: MINUTE,
    key: 'user',
    counts: 'every',
    of: 'readings of other people by one user (user, users)',
  },
  mutationByClient: {
    points: 300,
    windowSeconds: MINUTE,
    key: 'client',
    counts: 'every',
    of: 'mutations of one client that have no row of their own (logout, …)',
  },
  addressByClient: {
    points: 1_000,
    windowSeconds: 10,
    key: 'client',
    counts: 'every',
    of: 'HTTP requests of one client (setting ADDRESS_LIMIT; answered with status 429)',
  },
} as const satisfies Readonly<Record<string, RowDefault>>;

export type RateLimitName = keyof typeof DEFAULTS;
export const RATE_LIMIT_NAMES = Object.keys(DEFAULTS) as readonly RateLimitName[];
/** The rows that have a LIMIT_ variable. The address window has ADDRESS_LIMIT: with two names one would lose without a word. */
export const LIMIT_SETTING_NAMES = RATE_LIMIT_NAMES.filter((name) => name !== 'addressByClient');
export type RateLimitTable = Readonly<Record<RateLimitName, RateLimitRow>>;

const isName = (name: string): name is RateLimitName => Object.hasOwn(DEFAULTS, name);

/**
 * The table with the settings' maxima in it. Throws TypeError for a maximum of a row that is not there, or that is no whole
 * number from 1: a mistyped name would leave the default in force without a word.
 */
export function makeRateLimitTable(config: Pick<Config, 'rateLimits' | 'addressLimit'>): RateLimitTable {
  const maxima: Record<string, number> = { addressByClient: config.addressLimit, ...config.rateLimits };
  for (const [name, points] of Object.entries(maxima)) {
    if (!isName(name)) throw new TypeError(`There is no rate limit ${name}`);
    if (!Number.isSafeInteger(points) || points < 1)
      throw new TypeError(`The rate limit ${name} needs a maximum from 1`);
  }
  const rows = RATE_LIMIT_NAMES.map((name): [RateLimitName, RateLimitRow] => {
    const row: RowDefault = DEFAULTS[name];
    return [name, Object.freeze({ ...row, name, points: maxima[name] ?? row.points, answers: 'RATE_LIMITED' })];
  });
  return Object.freeze(Object.fromEntries(rows)) as RateLimitTable;
}
