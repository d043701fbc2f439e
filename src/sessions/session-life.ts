import type { RoleRecord } from '../roles/role.record.ts';

/** How long sessions live, in seconds; those of holders of permissions are shorter (ASVS v5.0.0-7.3.1, 7.3.2). */
export interface SessionLifeSettings {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  readonly privilegedIdleSeconds: number;
  readonly privilegedAbsoluteSeconds: number;
}

/** When a session that is used now ends unless it is used again: idle time from now, and never past its absolute end. */
export function sessionExpiry(
  settings: SessionLifeSettings,
  { createdAt, now, roles }: { createdAt: Date; now: Date; roles: readonly RoleRecord[] },
): Date {
  const isPrivileged = roles.some((role) => role.permissions.length > 0);
  const idle = isPrivileged ? settings.privilegedIdleSeconds : settings.idleSeconds;
  const absolute = isPrivileged ? settings.privilegedAbsoluteSeconds : settings.absoluteSeconds;
  return new Date(Math.min(now.getTime() + idle * 1000, createdAt.getTime() + absolute * 1000));
}
