import type { EntityManager } from 'typeorm';
import { Sealed } from '../crypto/sealed.ts';
import type { SessionId, UserId } from '../platform/ids.ts';

interface SessionRow {
  readonly id: SessionId;
  readonly delivery: string;
  readonly factors: readonly string[];
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly ip: Sealed<string> | null;
  readonly userAgent: Sealed<string> | null;
}

const toSealed = (bytes: Buffer | null) => (bytes === null ? null : new Sealed<string>(bytes));

/** Every session of the person that is still stored, the ended ones too, oldest first. Without its refresh key. */
export async function findStoredSessions(manager: EntityManager, userId: UserId): Promise<SessionRow[]> {
  const rows = await manager.query<(SessionRow & { ip: Buffer | null; userAgent: Buffer | null })[]>(
    `SELECT id, delivery, factors, created_at AS "createdAt", last_seen_at AS "lastSeenAt",
       authenticated_at AS "authenticatedAt", expires_at AS "expiresAt", revoked_at AS "endedAt", ip, user_agent AS "userAgent"
     FROM sessions WHERE user_id = $1 ORDER BY created_at, id`,
    [userId],
  );
  return rows.map((row) => ({ ...row, ip: toSealed(row.ip), userAgent: toSealed(row.userAgent) }));
}

interface DeviceRow {
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
}

/** The devices that the person has logged in from. Their ids are part of device tokens, and stay here. */
export function findStoredDevices(manager: EntityManager, userId: UserId): Promise<DeviceRow[]> {
  return manager.query(
    `SELECT created_at AS "createdAt", expires_at AS "expiresAt", ended_at AS "endedAt"
     FROM devices WHERE user_id = $1 ORDER BY created_at, id`,
    [userId],
  );
}

interface TokenRow {
  readonly id: string;
  readonly purpose: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly payload: Sealed<string> | null;
}

/** The mailed tokens of the person: what they were for, never their hash. */
export async function findStoredTokens(manager: EntityManager, userId: UserId): Promise<TokenRow[]> {
  const rows = await manager.query<(TokenRow & { payload: Buffer | null })[]>(
    `SELECT id, purpose, created_at AS "createdAt", expires_at AS "expiresAt", used_at AS "usedAt", payload
     FROM one_time_tokens WHERE user_id = $1 ORDER BY created_at, id`,
    [userId],
  );
  return rows.map((row) => ({ ...row, payload: toSealed(row.payload) }));
}

interface HeldRoleRow {
  readonly name: string;
  readonly assignedAt: Date;
}

export function findHeldRoles(manager: EntityManager, userId: UserId): Promise<HeldRoleRow[]> {
  return manager.query(
    `SELECT r.name, ur.assigned_at AS "assignedAt" FROM user_roles ur JOIN roles r ON r.id = ur.role_id
     WHERE ur.user_id = $1 ORDER BY r.name`,
    [userId],
  );
}
