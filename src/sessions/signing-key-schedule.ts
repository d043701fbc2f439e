import type { SigningAlgorithm } from '../crypto/signing-keys.ts';
import type { StoredSigningKey } from './signing-keys.repository.ts';

/** A verifier keeps the JWKS for so long (`/.well-known/jwks.json` says it), and a node notices other keys within the margin. */
export const JWKS_SECONDS = 300;
const MARGIN_SECONDS = 300;
/** How long a key is published before it signs. */
export const PUBLISHED_SECONDS = JWKS_SECONDS + MARGIN_SECONDS;
/** The longest life of a token that ACCESS_TOKEN_SECONDS takes, whatever it is now: a token may be from before it was changed. */
export const LONGEST_TOKEN_SECONDS = 3_600;
const KEPT_SECONDS = LONGEST_TOKEN_SECONDS + MARGIN_SECONDS;

/** What is to be done next about the signing keys. */
export type SigningKeyStep =
  /** There is none: make the first, which signs at once. */
  | { readonly do: 'BEGIN' }
  /** Publish the one that is to sign next. */
  | { readonly do: 'PUBLISH' }
  | { readonly do: 'PROMOTE'; readonly id: string }
  /** Not needed any more: their last token has expired, or TOKEN_ALG is another now. */
  | { readonly do: 'REMOVE'; readonly ids: readonly string[] };

const isPast = (at: Date, seconds: number, now: Date) => now.getTime() >= at.getTime() + seconds * 1000;

/** When this key was published for long enough to sign. */
export const readyAt = ({ createdAt }: StoredSigningKey) => new Date(createdAt.getTime() + PUBLISHED_SECONDS * 1000);

/** The next step, or undefined while there is nothing to do. */
export function nextStep(
  keys: readonly StoredSigningKey[],
  { algorithm, rotateSeconds, now }: { algorithm: SigningAlgorithm; rotateSeconds: number; now: Date },
): SigningKeyStep | undefined {
  const current = keys.find(({ state }) => state === 'CURRENT');
  const next = keys.find(({ state }) => state === 'NEXT');
  if (current === undefined) return { do: 'BEGIN' };
  const done = keys.filter(
    ({ state, retiredAt }) =>
      (state === 'RETIRED' || state === 'REVOKED') && retiredAt !== null && isPast(retiredAt, KEPT_SECONDS, now),
  );
  const misfit = next !== undefined && next.algorithm !== algorithm ? [next] : [];
  if (done.length + misfit.length > 0) return { do: 'REMOVE', ids: [...done, ...misfit].map(({ id }) => id) };
  if (next === undefined) return { do: 'PUBLISH' };
  const isDue = current.algorithm !== algorithm || isPast(current.currentAt ?? current.createdAt, rotateSeconds, now);
  return isDue && now >= readyAt(next) ? { do: 'PROMOTE', id: next.id } : undefined;
}
