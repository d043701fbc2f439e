/** The values of a profile: their name in the API and in code, and their column. */
export const PROFILE_COLUMNS = {
  displayName: 'display_name',
  givenName: 'given_name',
  familyName: 'family_name',
  bio: 'bio',
  phone: 'phone',
  birthDate: 'birth_date',
  address: 'address',
  avatarUrl: 'avatar_url',
  locale: 'locale',
  timeZone: 'time_zone',
} as const;

export type ProfileField = keyof typeof PROFILE_COLUMNS;
export const PROFILE_FIELDS = Object.keys(PROFILE_COLUMNS) as ProfileField[];

export interface PostalAddress {
  readonly lines: string[];
  readonly locality: string | null;
  readonly region: string | null;
  readonly postalCode: string | null;
  readonly country: string | null;
}

/** What a profile holds, in clear. */
export interface ProfileValues {
  displayName: string;
  givenName: string;
  familyName: string;
  bio: string;
  phone: string;
  birthDate: string;
  address: PostalAddress;
  avatarUrl: string;
  locale: string;
  timeZone: string;
}

/** A change of a profile: a field left out stays as it is, null clears it. */
export type ProfileChange = { readonly [F in ProfileField]?: ProfileValues[F] | null };
