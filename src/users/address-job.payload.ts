import type { UserId } from '../platform/ids.ts';
import type { ProfileChange } from './profile.fields.ts';

/** What the request already found out about a registration, at the same cost for every address. */
export type RegistrationAttempt =
  /** The address had no account: the hash of the password. */
  | { readonly kind: 'NEW'; readonly passwordHash: string }
  /** It was PENDING with this very password, at this version of the user. */
  | { readonly kind: 'REPEATED'; readonly version: number }
  /** It was PENDING with another password. */
  | { readonly kind: 'CONTESTED' }
  /** It has an account that a registration never touches. */
  | { readonly kind: 'TAKEN' };

interface JobOrigin {
  readonly requestId: string;
  readonly operationName: string | null;
  readonly ip: string;
  readonly userAgent: string | null;
}

/** An address as typed, and what to do about it. Sealed while it waits. */
export type AddressJobPayload = { readonly address: string; readonly from: JobOrigin } & (
  | { readonly kind: 'REGISTER'; readonly profile: ProfileChange; readonly attempt: RegistrationAttempt }
  | { readonly kind: 'RESEND_VERIFICATION' }
  | { readonly kind: 'RESET_PASSWORD' }
  /** `address` is the new one of a logged-in user. */
  | { readonly kind: 'CHANGE_EMAIL'; readonly userId: UserId }
);
