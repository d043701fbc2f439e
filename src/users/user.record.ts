import type { WrappedDataKey } from '../crypto/data-keys.ts';
import type { Sealed } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { RoleRecord } from '../roles/role.record.ts';
import type { ProfileField, ProfileValues } from './profile.fields.ts';
import type { UserOrigin, UserStatus } from './user.entity.ts';

export type ProfileRecord = { readonly [F in ProfileField]: Sealed<ProfileValues[F]> | null } & {
  readonly updatedAt: Date | null;
};

/** A user with all that a view of them needs, read in one statement. Personal values stay sealed until somebody asks. */
export interface UserRecord {
  readonly id: UserId;
  readonly email: Sealed<string> | null;
  readonly emailVerifiedAt: Date | null;
  readonly status: UserStatus;
  readonly version: number;
  readonly mailTokenVersion: number;
  readonly createdAt: Date;
  readonly lastLoginAt: Date | null;
  /** Null once erased: nothing opens any more. */
  readonly dataKey: WrappedDataKey | null;
  readonly profile: ProfileRecord;
  readonly roles: readonly RoleRecord[];
}

/** The same with what a check of a password needs. Never leaves the services. */
export interface CredentialRecord extends UserRecord {
  readonly passwordHash: Sealed<string> | null;
  readonly pepperId: string | null;
  readonly origin: UserOrigin;
  readonly contested: boolean;
}
