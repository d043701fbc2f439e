import type { SealingKey } from '../crypto/keyring.ts';
import { open, type Place, type Sealed } from '../crypto/sealed.ts';
import { sessionPlace } from '../sessions/session.places.ts';
import { tokenPlace } from '../users/mail-tokens.ts';
import { PROFILE_FIELDS } from '../users/profile.fields.ts';
import { profilePlace } from '../users/profile.sealing.ts';
import type { CredentialRecord } from '../users/user.record.ts';
import type { findHeldRoles, findStoredDevices, findStoredSessions, findStoredTokens } from './export.repository.ts';

/** Raised when a member changes its meaning or leaves; members may be added without. */
export const EXPORT_FORMAT = 1;

type Rows<F extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<F>>;

const timeOf = (at: Date | null): string | null => at?.toISOString() ?? null;

/** A sealed value or null; SealBroken for one that was tampered with: an export never shows a blank for it. */
const opened = <T>(key: SealingKey, place: Place, sealed: Sealed<T> | null): T | null =>
  sealed === null ? null : open(key, place, sealed);

/** The account itself, without its password's hash. */
export function userMember(user: CredentialRecord, key: SealingKey): object {
  return {
    id: user.id,
    status: user.status,
    origin: user.origin,
    email: opened(key, { table: 'users', column: 'email', rowId: user.id }, user.email),
    emailVerifiedAt: timeOf(user.emailVerifiedAt),
    hasPassword: user.passwordHash !== null,
    createdAt: timeOf(user.createdAt),
    lastLoginAt: timeOf(user.lastLoginAt),
  };
}

export function profileMember({ id, profile }: CredentialRecord, key: SealingKey): object {
  const values = PROFILE_FIELDS.map((field) => [field, opened<unknown>(key, profilePlace(id, field), profile[field])]);
  return { ...Object.fromEntries(values), updatedAt: timeOf(profile.updatedAt) };
}

export const rolesMember = (roles: Rows<typeof findHeldRoles>): readonly object[] =>
  roles.map(({ name, assignedAt }) => ({ name, assignedAt: timeOf(assignedAt) }));

export const sessionsMember = (sessions: Rows<typeof findStoredSessions>, key: SealingKey): readonly object[] =>
  sessions.map((session) => ({
    id: session.id,
    delivery: session.delivery,
    factors: session.factors,
    createdAt: timeOf(session.createdAt),
    lastSeenAt: timeOf(session.lastSeenAt),
    authenticatedAt: timeOf(session.authenticatedAt),
    expiresAt: timeOf(session.expiresAt),
    endedAt: timeOf(session.endedAt),
    ip: opened(key, sessionPlace(session.id, 'ip'), session.ip),
    userAgent: opened(key, sessionPlace(session.id, 'userAgent'), session.userAgent),
  }));

export const devicesMember = (devices: Rows<typeof findStoredDevices>): readonly object[] =>
  devices.map(({ createdAt, expiresAt, endedAt }) => ({
    createdAt: timeOf(createdAt),
    expiresAt: timeOf(expiresAt),
    endedAt: timeOf(endedAt),
  }));

export const tokensMember = (tokens: Rows<typeof findStoredTokens>, key: SealingKey): readonly object[] =>
  tokens.map((token) => ({
    purpose: token.purpose,
    address: opened(key, tokenPlace(token.id), token.payload),
    createdAt: timeOf(token.createdAt),
    expiresAt: timeOf(token.expiresAt),
    usedAt: timeOf(token.usedAt),
  }));

export const mailsMember = (mails: readonly { to: string; subject: string; createdAt: Date }[]): readonly object[] =>
  mails.map(({ to, subject, createdAt }) => ({ to, subject, createdAt: timeOf(createdAt) }));
