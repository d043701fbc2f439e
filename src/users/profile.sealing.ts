import type { SealingKey } from '../crypto/keyring.ts';
import { type Place, type Sealed, seal } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import {
  PROFILE_COLUMNS,
  PROFILE_FIELDS,
  type ProfileChange,
  type ProfileField,
  type ProfileValues,
} from './profile.fields.ts';

export const profilePlace = (userId: UserId, field: ProfileField): Place => ({
  table: 'profiles',
  column: PROFILE_COLUMNS[field],
  rowId: userId,
});

export type SealedChange = { [F in ProfileField]?: Sealed<ProfileValues[F]> | null };

/** The columns that a change touches, sealed under the person's data key; null clears one. */
export function sealedChange(key: SealingKey, userId: UserId, change: ProfileChange, random: Random): SealedChange {
  const sealed: SealedChange = {};
  const put = <F extends ProfileField>(field: F) => {
    const value = change[field];
    if (value === undefined) return;
    const cell = value === null ? null : seal<ProfileValues[F]>(key, profilePlace(userId, field), value, random);
    Object.assign(sealed, { [field]: cell });
  };
  PROFILE_FIELDS.forEach(put);
  return sealed;
}

/** A whole new profile: what the change leaves out is not set. */
export function sealedProfile(key: SealingKey, userId: UserId, change: ProfileChange, random: Random) {
  const empty = {
    displayName: null,
    givenName: null,
    familyName: null,
    bio: null,
    phone: null,
    birthDate: null,
    address: null,
    avatarUrl: null,
    locale: null,
    timeZone: null,
  };
  return { ...empty, ...sealedChange(key, userId, change, random) };
}
