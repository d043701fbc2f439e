import type { EntityManager } from 'typeorm';
import type { BlindIndex } from '../crypto/blind-index.ts';
import type { WrappedDataKey } from '../crypto/data-keys.ts';
import { Sealed } from '../crypto/sealed.ts';
import type { DataKeyId, UserId } from '../platform/ids.ts';
import type { RoleRecord } from '../roles/role.record.ts';
import { PROFILE_COLUMNS, PROFILE_FIELDS, type ProfileField } from './profile.fields.ts';
import type { UserOrigin, UserStatus } from './user.entity.ts';
import type { CredentialRecord, ProfileRecord, UserRecord } from './user.record.ts';

/** The data key in use of the person whose id stands in a column, as every value of theirs is sealed at the moment of this read. */
export const DATA_KEY_COLUMNS = 'k.id AS data_key_id, k.wrapped, k.wrapping_key_id';
export const joinDataKey = (userId: string): string =>
  `LEFT JOIN data_keys k ON k.user_id = ${userId} AND k.retired_at IS NULL`;

/** The columns of a `ProfileRecord`, for a statement that calls the profiles table `p`. */
export const PROFILE_ROW = [
  ...PROFILE_FIELDS.map((field) => `p.${PROFILE_COLUMNS[field]} AS profile_${PROFILE_COLUMNS[field]}`),
  'p.updated_at AS profile_updated_at',
].join(', ');

/**
 * The columns and joins of a `UserRecord`, for a statement that calls the users table `u`. Other repositories join it to
 * their own tables, so that whoever is logged in is read in one round trip.
 */
export const USER_COLUMNS = [
  'u.id AS user_id, u.email, u.email_verified_at, u.status, u.version, u.mail_token_version',
  'u.created_at AS user_created_at, u.last_login_at',
  DATA_KEY_COLUMNS,
  PROFILE_ROW,
  `(SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name, 'description', r.description,
      'permissions', r.permissions, 'builtIn', r.built_in) ORDER BY r.name), '[]')::text
    FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = u.id) AS roles`,
].join(', ');
export const USER_JOINS = `${joinDataKey('u.id')} LEFT JOIN profiles p ON p.user_id = u.id`;

/** What `PROFILE_ROW` selects. */
export type ProfileRow = { readonly [F in ProfileField as `profile_${(typeof PROFILE_COLUMNS)[F]}`]: Buffer | null } & {
  readonly profile_updated_at: Date | null;
};

export interface DataKeyColumns {
  readonly user_id: UserId;
  readonly data_key_id: DataKeyId | null;
  readonly wrapped: Buffer | null;
  readonly wrapping_key_id: string | null;
}

export type UserRow = ProfileRow &
  DataKeyColumns & {
    readonly email: Buffer | null;
    readonly email_verified_at: Date | null;
    readonly status: UserStatus;
    readonly version: number;
    readonly mail_token_version: number;
    readonly user_created_at: Date;
    readonly last_login_at: Date | null;
    /** JSON of `RoleRecord`s. */
    readonly roles: string;
  };

type CredentialRow = UserRow & {
  readonly password_hash: Buffer | null;
  readonly pepper_id: string | null;
  readonly origin: UserOrigin;
  readonly contested: boolean;
};

const toSealed = <T>(bytes: Buffer | null): Sealed<T> | null => (bytes === null ? null : new Sealed<T>(bytes));

export function toDataKey(row: DataKeyColumns): WrappedDataKey | null {
  if (row.data_key_id === null || row.wrapped === null || row.wrapping_key_id === null) return null;
  return { id: row.data_key_id, userId: row.user_id, wrapped: row.wrapped, wrappingKeyId: row.wrapping_key_id };
}

export function toProfile(row: ProfileRow): ProfileRecord {
  return {
    displayName: toSealed(row.profile_display_name),
    givenName: toSealed(row.profile_given_name),
    familyName: toSealed(row.profile_family_name),
    bio: toSealed(row.profile_bio),
    phone: toSealed(row.profile_phone),
    birthDate: toSealed(row.profile_birth_date),
    address: toSealed(row.profile_address),
    avatarUrl: toSealed(row.profile_avatar_url),
    locale: toSealed(row.profile_locale),
    timeZone: toSealed(row.profile_time_zone),
    updatedAt: row.profile_updated_at,
  };
}

const KNOWN_ROLES = 100;
const knownRoles = new Map<string, readonly RoleRecord[]>();

/** Whoever holds the same roles brings the same text: most of a page does, and each is parsed once. */
function parseRoles(text: string): readonly RoleRecord[] {
  const known = knownRoles.get(text);
  if (known !== undefined) return known;
  const roles: readonly RoleRecord[] = JSON.parse(text);
  if (knownRoles.size >= KNOWN_ROLES) knownRoles.clear();
  knownRoles.set(text, roles);
  return roles;
}

export function toUserRecord(row: UserRow): UserRecord {
  return {
    id: row.user_id,
    email: toSealed(row.email),
    emailVerifiedAt: row.email_verified_at,
    status: row.status,
    version: row.version,
    mailTokenVersion: row.mail_token_version,
    createdAt: row.user_created_at,
    lastLoginAt: row.last_login_at,
    dataKey: toDataKey(row),
    profile: toProfile(row),
    roles: parseRoles(row.roles),
  };
}

const CREDENTIAL_SELECT = `SELECT ${USER_COLUMNS}, u.password_hash, u.pepper_id, u.origin, u.contested FROM`;

const toCredentialRecord = (row: CredentialRow): CredentialRecord => ({
  ...toUserRecord(row),
  passwordHash: toSealed(row.password_hash),
  pepperId: row.pepper_id,
  origin: row.origin,
  contested: row.contested,
});

export async function findUser(manager: EntityManager, id: UserId): Promise<UserRecord | undefined> {
  const rows = await manager.query<UserRow[]>(`SELECT ${USER_COLUMNS} FROM users u ${USER_JOINS} WHERE u.id = $1`, [
    id,
  ]);
  return rows[0] && toUserRecord(rows[0]);
}

export async function findCredentials(manager: EntityManager, id: UserId): Promise<CredentialRecord | undefined> {
  const rows = await manager.query<CredentialRow[]>(`${CREDENTIAL_SELECT} users u ${USER_JOINS} WHERE u.id = $1`, [id]);
  return rows[0] && toCredentialRecord(rows[0]);
}

export async function findCredentialsByAddress(
  manager: EntityManager,
  { keyVersion, index }: BlindIndex,
): Promise<CredentialRecord | undefined> {
  const rows = await manager.query<CredentialRow[]>(
    `${CREDENTIAL_SELECT} email_indexes e JOIN users u ON u.id = e.user_id ${USER_JOINS} WHERE e.key_version = $1 AND e.index = $2`,
    [keyVersion, index],
  );
  return rows[0] && toCredentialRecord(rows[0]);
}

/** Whose address it is. */
export async function findUserIdByAddress(
  manager: EntityManager,
  { keyVersion, index }: BlindIndex,
): Promise<UserId | undefined> {
  const rows = await manager.query<{ id: UserId }[]>(
    'SELECT user_id AS id FROM email_indexes WHERE key_version = $1 AND index = $2',
    [keyVersion, index],
  );
  return rows[0]?.id;
}

/** Every data key of a person, those from before a reseal too: what stands in the audit trail is still under them. */
export function findDataKeys(manager: EntityManager, userId: UserId): Promise<WrappedDataKey[]> {
  return manager.query(
    'SELECT id, user_id AS "userId", wrapped, wrapping_key_id AS "wrappingKeyId" FROM data_keys WHERE user_id = $1',
    [userId],
  );
}

/** How often each set of argon2 parameters occurs, so that decoys can be made in the same proportions. */
export function countPasswordParameters(manager: EntityManager): Promise<{ parameters: string; users: number }[]> {
  return manager.query(
    `SELECT password_parameters AS parameters, count(*)::int AS users FROM users
     WHERE password_parameters IS NOT NULL GROUP BY password_parameters`,
  );
}
