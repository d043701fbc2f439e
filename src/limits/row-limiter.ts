import type { GraphQLResolveInfo } from 'graphql';
import { getGraphQLRateLimiter } from 'graphql-rate-limit';
import type { AtomicStore, Hit } from './atomic-store.ts';
import type { RateLimitRow } from './rate-limits.ts';

/** What graphql-rate-limit is told of a resolver's call. */
interface FieldCall {
  readonly parent: unknown;
  readonly args: Record<string, unknown>;
  readonly info: GraphQLResolveInfo;
}

/** Counts one attempt of `identity` by one row, and tells what graphql-rate-limit makes of it. */
export type RowLimiter = (
  identity: string,
  call: FieldCall,
) => Promise<{ readonly hit: Hit; readonly isRefused: boolean }>;

/** Later than any clock: graphql-rate-limit drops what its own clock calls old, and the window is the atomic store's. */
const STILL_COUNTS = Number.MAX_SAFE_INTEGER;

/**
 * graphql-rate-limit over the atomic store. Of itself it reads, waits and then writes, so that parallel calls all read the
 * same count (with a maximum of 5, 20 of 20 passed), and it keys by the field's name. Here its store counts while it is
 * asked for the earlier attempts, has nothing left to write, and belongs to one row, whatever fields share it. The library
 * copies the earlier attempts twice; as only "full or not" matters, a full window is one of them and the rule's maximum 1.
 */
export function makeRowLimiter(row: RateLimitRow, store: AtomicStore): RowLimiter {
  // The library hands its store a text alone: the number of the call, under which the call waits here.
  const calls = new Map<string, { readonly identity: string; hit?: Hit }>();
  let last = 0;
  const ask = getGraphQLRateLimiter({
    identifyContext: (context: { readonly call: string }) => context.call,
    store: {
      async getForIdentity({ contextIdentity }) {
        const call = calls.get(contextIdentity);
        if (call === undefined) throw new TypeError('graphql-rate-limit asked for a call that is not under way');
        call.hit = await store.hit(row, call.identity);
        return call.hit.allowed ? [] : [STILL_COUNTS];
      },
      setForIdentity: () => undefined,
    },
  });
  return async (identity, { parent, args, info }) => {
    last += 1;
    const number = String(last);
    const call: { readonly identity: string; hit?: Hit } = { identity };
    calls.set(number, call);
    try {
      const refusal = await ask(
        { parent, args, context: { call: number }, info },
        { max: 1, window: `${row.windowSeconds}s` },
      );
      if (call.hit === undefined) throw new TypeError('graphql-rate-limit answered without asking its store');
      return { hit: call.hit, isRefused: refusal !== undefined };
    } finally {
      calls.delete(number);
    }
  };
}
