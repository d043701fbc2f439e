/** What a role can allow: a closed list. Roles are rows that name some of these. */
export const PERMISSIONS = [
  'USERS_READ',
  'USERS_WRITE',
  'USERS_ERASE',
  'SESSIONS_READ',
  'SESSIONS_REVOKE',
  'ROLES_READ',
  'ROLES_WRITE',
  'AUDIT_READ',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
