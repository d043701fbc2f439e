import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Random } from '../random.ts';

/** The cluster's random name and the passwords of its three roles. */
export interface Passwords {
  /** Stands in PostgreSQL's command line, so that its process can be told from any other. */
  readonly cluster: string;
  readonly admin: string;
  readonly owner: string;
  readonly server: string;
}

/** New ones, in `path` with mode 0600, whole or not at all. */
export function makePasswords(path: string, random: Random): Passwords {
  const password = () => random.bytes(24).toString('base64url');
  const made = {
    cluster: `gatehouse-${random.bytes(8).toString('hex')}`,
    admin: password(),
    owner: password(),
    server: password(),
  };
  const unfinished = `${path}.new`;
  writeFileSync(unfinished, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
  return made;
}

/** The passwords in `path`. Throws where the file is missing or broken, and says what helps. */
export function getPasswords(path: string): Passwords {
  try {
    const { cluster, admin, owner, server } = JSON.parse(readFileSync(path, 'utf8'));
    const all = { cluster, admin, owner, server };
    if (Object.values(all).every((value) => typeof value === 'string')) return all;
  } catch {
    // Missing, unreadable or no JSON: the same advice helps.
  }
  throw new Error(
    `Cannot read the embedded database's passwords in ${path}: bring the file back from a backup of DATA_DIR, or move the whole directory away to begin with an empty database`,
  );
}
