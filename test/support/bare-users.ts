import type { DataSource } from 'typeorm';

interface BareUser {
  readonly createdAt: Date;
  readonly status?: 'PENDING' | 'ACTIVE' | 'DISABLED' | 'ERASED';
  readonly roles?: readonly string[];
}

/** Rows of users without an address or a password, for lists; their ids. */
export async function addBareUsers(database: DataSource, users: readonly BareUser[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { createdAt, status = 'ACTIVE', roles = ['user'] } of users) {
    const [row] = await database.query<{ id: string }[]>(
      `INSERT INTO users (id, status, origin, created_at) VALUES (gen_random_uuid(), $1, 'IMPORT', $2) RETURNING id`,
      [status, createdAt],
    );
    if (!row) throw new Error('No user was inserted');
    await database.query(
      'INSERT INTO user_roles (user_id, role_id, assigned_at) SELECT $1, id, now() FROM roles WHERE name = ANY($2)',
      [row.id, roles],
    );
    ids.push(row.id);
  }
  return ids;
}
