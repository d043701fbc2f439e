/**
 * What opens a sealed column: the person's data key (by the column that names the person), or another. One that is not in the
 * list fails a test: a reseal would leave it behind, and with it something that nobody could open any more.
 */
export type SealedUnder =
  | { readonly by: 'DATA_KEY'; readonly owner: string }
  /** The row names its key: those from before a reseal stay, and go on opening it. */
  | { readonly by: 'NAMED_KEY' }
  | { readonly by: 'PEPPER' }
  | { readonly by: 'SYSTEM_KEY' }
  | { readonly by: 'DAY_KEY' };

const ofOwner = { by: 'DATA_KEY', owner: 'user_id' } as const;

/** Every sealed column, as `table.column`. */
export const SEALED_COLUMNS: Readonly<Record<string, SealedUnder>> = {
  'users.email': { by: 'DATA_KEY', owner: 'id' },
  'users.password_hash': { by: 'PEPPER' },
  'profiles.display_name': ofOwner,
  'profiles.given_name': ofOwner,
  'profiles.family_name': ofOwner,
  'profiles.bio': ofOwner,
  'profiles.phone': ofOwner,
  'profiles.birth_date': ofOwner,
  'profiles.address': ofOwner,
  'profiles.avatar_url': ofOwner,
  'profiles.locale': ofOwner,
  'profiles.time_zone': ofOwner,
  'sessions.refresh_key': ofOwner,
  'sessions.ip': ofOwner,
  'sessions.user_agent': ofOwner,
  'one_time_tokens.payload': ofOwner,
  'address_jobs.payload': { by: 'DAY_KEY' },
  'mails.content': { by: 'NAMED_KEY' },
  'audit_events.origin': { by: 'NAMED_KEY' },
  'audit_events.subject_data': { by: 'NAMED_KEY' },
  'signing_keys.private_key': { by: 'SYSTEM_KEY' },
};

/** A table with columns under the data key of the person that `owner` names; `id` is what its values are bound to. */
export interface PersonsTable {
  readonly table: string;
  readonly owner: string;
  readonly id: string;
  readonly columns: readonly string[];
}

/** The tables that a reseal goes through. A row is bound to its `id`, or where its key is the person's own id to that. */
export function personsTables(): PersonsTable[] {
  const tables = new Map<string, { owner: string; columns: string[] }>();
  for (const [name, under] of Object.entries(SEALED_COLUMNS)) {
    const [table = '', column = ''] = name.split('.');
    if (under.by !== 'DATA_KEY') continue;
    const known = tables.get(table) ?? { owner: under.owner, columns: [] };
    tables.set(table, { ...known, columns: [...known.columns, column] });
  }
  return [...tables].map(([table, { owner, columns }]) => ({
    table,
    owner,
    id: table === 'profiles' ? 'user_id' : 'id',
    columns,
  }));
}
