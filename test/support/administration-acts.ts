import type { Answer, Client } from './client.ts';
import type { TestServer } from './server.ts';

/** What each act of administration answers that tests look at. */
const PAYLOADS = {
  createUser: ['CreateUserInput', 'user { id status roles { name } }'],
  disableUser: ['DisableUserInput', 'user { id status }'],
  enableUser: ['EnableUserInput', 'user { id status }'],
  eraseUser: ['EraseUserInput', 'user { id status }'],
  revokeUserSessions: ['RevokeUserSessionsInput', 'revokedCount user { id }'],
  createRole: ['CreateRoleInput', 'role { id name description permissions builtIn }'],
  updateRole: ['UpdateRoleInput', 'role { id name description permissions builtIn }'],
  deleteRole: ['DeleteRoleInput', 'deleted deletedRoleId'],
  assignRole: ['AssignRoleInput', 'user { id roles { name } permissions }'],
  unassignRole: ['UnassignRoleInput', 'user { id roles { name } permissions }'],
} as const;
export type ActName = keyof typeof PAYLOADS;
export const ACT_NAMES = Object.keys(PAYLOADS) as readonly ActName[];

/** One act of administration. */
export function act(client: Client, name: ActName, input: object): Promise<Answer> {
  const [type, payload] = PAYLOADS[name];
  return client.send(`mutation Act($input: ${type}!) { ${name}(input: $input) { ${payload} } }`, { input });
}

/** Adds a role by the owner's hand. */
export async function addRole({ database }: TestServer, name: string, ...permissions: string[]): Promise<string> {
  const [row] = await database.query(
    `INSERT INTO roles (id, name, description, permissions, built_in, created_at)
     VALUES (gen_random_uuid(), $1, 'For a test.', $2, false, now()) RETURNING id`,
    [name, permissions],
  );
  return row.id;
}

/** Ids of all ACTIVE holders of the role admin. */
export async function administrators({ database }: TestServer): Promise<readonly string[]> {
  const rows: { id: string }[] = await database.query(
    `SELECT u.id FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.id = ur.role_id
     WHERE r.name = 'admin' AND u.status = 'ACTIVE' ORDER BY u.id`,
  );
  return rows.map(({ id }) => id);
}
