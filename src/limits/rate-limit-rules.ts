import type { GraphQLResolveInfo } from 'graphql';
import { AppError, type ErrorCode } from '../platform/errors.ts';
import type { AtomicStore, Hit } from './atomic-store.ts';
import type { IdentityPart, RateLimitKey, RateLimitName, RateLimitRow, RateLimitTable } from './rate-limits.ts';
import { makeRowLimiter, type RowLimiter } from './row-limiter.ts';

type Args = Record<string, unknown>;

/**
 * Who is counted: the text of `part` for this call, or undefined where it has none (no viewer, an address that is none);
 * a row that needs it then does not count. `client` always has one. Must answer the same for the same call.
 */
export type Identify<Context extends object> = (part: IdentityPart, args: Args, context: Context) => string | undefined;

/** How an attempt ended: it succeeded, it failed, or nothing was tried (no password checked, no mail sent). */
export type Outcome = 'succeeded' | 'failed' | 'untried';

export interface RateLimiter<Context extends object> {
  /**
   * Counts one attempt in each of the rows, the narrowest first, before the field is resolved. At the first that is used up
   * it stops, gives the attempt back to the rows before, and answers RATE_LIMITED with `retryAfter`: an attempt that is
   * refused counts nowhere. So one client that goes on guessing cannot use up the account's own row, which would shut its
   * owner out everywhere.
   */
  check(
    rowNames: readonly RateLimitName[],
    parent: unknown,
    args: Args,
    context: Context,
    info: GraphQLResolveInfo,
  ): Promise<AppError | undefined>;
  /**
   * Gives back one attempt that `check` counted for the same arguments in this request: after success to the rows that count
   * failures, and to every row when nothing was tried. Without such an attempt it does nothing; nobody else's is touched.
   */
  giveBack(
    rowNames: readonly RateLimitName[],
    args: Args,
    context: Context,
    outcome?: Exclude<Outcome, 'failed'>,
  ): Promise<void>;
}

export interface RateLimiterOptions<Context extends object> {
  readonly table: RateLimitTable;
  readonly store: AtomicStore;
  readonly identify: Identify<Context>;
  /** Told of each refusal, for the audit trail. `identity` may be an address or IP in clear. Must not throw. */
  readonly refused?: (row: RateLimitRow, identity: string, context: Context) => void;
}

/** The right password was given; the rest was refused for what the account is. */
const AFTER_THE_RIGHT_PASSWORD: ReadonlySet<ErrorCode> = new Set(['EMAIL_NOT_VERIFIED', 'ACCOUNT_DISABLED']);
const NOTHING_TRIED: ReadonlySet<ErrorCode> = new Set([
  'BUSY',
  'BAD_USER_INPUT',
  'WEAK_PASSWORD',
  'REGISTRATION_CLOSED',
]);

/** How an attempt ended, by what its resolver threw (undefined: nothing). What is not known counts as a failure. */
export function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return 'succeeded';
  if (!(error instanceof AppError)) return 'failed';
  if (AFTER_THE_RIGHT_PASSWORD.has(error.code)) return 'succeeded';
  return NOTHING_TRIED.has(error.code) ? 'untried' : 'failed';
}

/** Narrowest first: what one client did is held against that client before it is held against the account. */
const ORDER: readonly RateLimitKey[] = ['client+account', 'client', 'token', 'session', 'user', 'account'];

interface Counted {
  readonly row: RateLimitRow;
  readonly identity: string;
  readonly hit: Hit;
}

/** The limits of fields: graphql-rate-limit asks, the atomic store counts. */
export function makeRateLimiter<Context extends object>(options: RateLimiterOptions<Context>): RateLimiter<Context> {
  const { table, store, identify, refused } = options;
  const limiters = new Map<RateLimitName, RowLimiter>();
  const limiterOf = (row: RateLimitRow): RowLimiter => {
    const limiter = limiters.get(row.name) ?? makeRowLimiter(row, store);
    limiters.set(row.name, limiter);
    return limiter;
  };
  const countedByContext = new WeakMap<Context, Counted[]>();
  const rowsOf = (names: readonly RateLimitName[]) =>
    names.map((name) => table[name]).sort((a, b) => ORDER.indexOf(a.key) - ORDER.indexOf(b.key));

  return {
    async check(rowNames, parent, args, context, info) {
      const counted: Counted[] = [];
      for (const row of rowsOf(rowNames)) {
        const identity = identityOf(row.key, (part) => identify(part, args, context));
        if (identity === undefined) continue;
        const { hit, isRefused } = await limiterOf(row)(identity, { parent, args, info });
        if (isRefused) {
          refused?.(row, identity, context);
          await Promise.all(counted.map((earlier) => earlier.hit.giveBack()));
          return rateLimited(hit.retryAfterSeconds);
        }
        counted.push({ row, identity, hit });
      }
      countedByContext.set(context, [...(countedByContext.get(context) ?? []), ...counted]);
      return undefined;
    },
    async giveBack(rowNames, args, context, outcome = 'succeeded') {
      const counted = countedByContext.get(context) ?? [];
      const hits = rowsOf(rowNames)
        .filter((row) => outcome === 'untried' || row.counts === 'failures')
        .flatMap((row) => {
          const identity = identityOf(row.key, (part) => identify(part, args, context));
          const at = counted.findIndex((one) => one.row.name === row.name && one.identity === identity);
          return at === -1 ? [] : counted.splice(at, 1);
        });
      await Promise.all(hits.map(({ hit }) => hit.giveBack()));
    },
  };
}

/** RATE_LIMITED with `retryAfter`, as every limit answers it. */
const rateLimited = (retryAfterSeconds: number): AppError =>
  new AppError('RATE_LIMITED', `Too many attempts. Try again in ${retryAfterSeconds} s.`, {
    retryAfter: retryAfterSeconds,
  });

function identityOf(key: RateLimitKey, find: (part: IdentityPart) => string | undefined): string | undefined {
  const client = find('client');
  if (client === undefined) throw new TypeError('A request without a client cannot be limited');
  if (key === 'client') return client;
  if (key !== 'client+account') return find(key);
  const account = find('account');
  return account === undefined ? undefined : JSON.stringify([client, account]);
}
