import type { EntityManager } from 'typeorm';
import type { KeyName } from '../crypto/keyring-edit.ts';
import type { RootPurpose } from '../crypto/keyring-text.ts';

/** A column that names the root key its row needs. */
export interface KeyUse {
  readonly purpose: RootPurpose;
  readonly table: string;
  readonly column: string;
}

/** Every such column but those of the audit trail; each is indexed, or its table small. */
const MOVABLE = [
  { purpose: 'wrapping', table: 'data_keys', column: 'wrapping_key_id' },
  { purpose: 'wrapping', table: 'day_keys', column: 'wrapping_key_id' },
  { purpose: 'index', table: 'email_indexes', column: 'key_version' },
  { purpose: 'pepper', table: 'users', column: 'pepper_id' },
  { purpose: 'system', table: 'signing_keys', column: 'system_key_id' },
] as const satisfies readonly KeyUse[];

/** Every column that names a root key. A new one without a line here fails a test: its key could be retired too early. */
export const KEY_USES: readonly KeyUse[] = [
  ...MOVABLE,
  { purpose: 'audit', table: 'audit_events', column: 'audit_key_id' },
  { purpose: 'audit', table: 'audit_seals', column: 'audit_key_id' },
];

export interface CountedUse extends KeyUse {
  readonly rows: number;
}

async function countRows(manager: EntityManager, { table, column }: KeyUse, id: string): Promise<number> {
  const rows = await manager.query<{ rows: number }[]>(
    `SELECT count(*)::int AS rows FROM ${table} WHERE ${column} = $1`,
    [id],
  );
  return rows[0]?.rows ?? 0;
}

/** Which tables have rows of this key, and how many. */
export async function countUses(manager: EntityManager, { purpose, id }: KeyName): Promise<CountedUse[]> {
  const counted: CountedUse[] = [];
  for (const use of KEY_USES.filter((each) => each.purpose === purpose)) {
    const rows = await countRows(manager, use, id);
    if (rows > 0) counted.push({ ...use, rows });
  }
  return counted;
}

/** Which keys rows need, the audit trail's aside: the index is asked for each next id, so that no table is read through. */
export async function findUsedKeys(manager: EntityManager): Promise<(KeyUse & { readonly id: string })[]> {
  const used: (KeyUse & { readonly id: string })[] = [];
  for (const use of MOVABLE) {
    const { table, column } = use;
    const rows = await manager.query<{ id: string }[]>(
      `WITH RECURSIVE found AS (
         (SELECT ${column} AS id FROM ${table} WHERE ${column} IS NOT NULL ORDER BY ${column} LIMIT 1)
         UNION ALL
         SELECT (SELECT ${column} FROM ${table} WHERE ${column} > found.id ORDER BY ${column} LIMIT 1)
         FROM found WHERE found.id IS NOT NULL)
       SELECT id FROM found WHERE id IS NOT NULL`,
    );
    used.push(...rows.map(({ id }) => ({ ...use, id })));
  }
  return used;
}

/** Mailed tokens that are still good at `now` and were made before `madeBefore`, and until when the last of them is. */
export async function findLiveTokens(
  manager: EntityManager,
  now: Date,
  madeBefore: Date | undefined,
): Promise<{ tokens: number; until: Date | null }> {
  const rows = await manager.query<{ tokens: number; until: Date | null }[]>(
    `SELECT count(*)::int AS tokens, max(expires_at) AS until FROM one_time_tokens
     WHERE used_at IS NULL AND expires_at > $1 AND ($2::timestamptz IS NULL OR created_at < $2)`,
    [now, madeBefore],
  );
  return rows[0] ?? { tokens: 0, until: null };
}

/** How many people have an address that cannot be found by the index key `id`. */
export async function countUnindexed(manager: EntityManager, id: string): Promise<number> {
  const rows = await manager.query<{ rows: number }[]>(
    `SELECT count(*)::int AS rows FROM users u WHERE u.email IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM email_indexes e WHERE e.user_id = u.id AND e.key_version = $1)`,
    [id],
  );
  return rows[0]?.rows ?? 0;
}

/** Whether the address of anybody can be found by the index key `id`, and not by `active`. */
export async function isIndexNeeded(manager: EntityManager, id: string, active: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `SELECT 1 FROM email_indexes e WHERE e.key_version = $1
       AND NOT EXISTS (SELECT 1 FROM email_indexes a WHERE a.user_id = e.user_id AND a.key_version = $2) LIMIT 1`,
    [id, active],
  );
  return rows.length > 0;
}

/** Ids that keys of the purpose have, or once had: what rows name, and what the audit trail knows to have been added. */
export async function findKeyIds(manager: EntityManager, purpose: RootPurpose): Promise<string[]> {
  const used = (await findUsedKeys(manager)).filter((use) => use.purpose === purpose);
  const added = await manager.query<{ id: string }[]>(
    `SELECT DISTINCT subject_id AS id FROM audit_events WHERE type = 'key.added' AND details->>'purpose' = $1`,
    [purpose],
  );
  return [...used, ...added].map(({ id }) => id);
}

/** Deletes index rows of the key `id`, some at a time. Answers how many. */
export async function deleteIndexes(manager: EntityManager, id: string, limit: number): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(
    `DELETE FROM email_indexes WHERE ctid IN (SELECT ctid FROM email_indexes WHERE key_version = $1 LIMIT $2)
       AND key_version = $1`,
    [id, limit],
  );
  return count;
}
