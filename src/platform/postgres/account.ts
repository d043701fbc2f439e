import { readFileSync, statSync } from 'node:fs';

/** The system user that PostgreSQL's processes run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const PREFERRED = ['postgres', 'nobody'];

/** The user's numbers, from the text of /etc/passwd. */
function findEntry(passwd: string, name: string): Account | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/**
 * Whom PostgreSQL runs as: undefined means this very user. PostgreSQL refuses to run as root, so root hands it to the owner
 * of the data where there is some (a volume filled by another user goes on as that user), else to `postgres`, else `nobody`.
 * The user must exist: initdb looks its name up.
 */
export function findAccount(dataPath: string): Account | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') {
    throw new Error('PostgreSQL does not run as root: start Gatehouse as an ordinary user, or set DATABASE_URL');
  }
  const owner = statSync(dataPath, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const passwd = readFileSync('/etc/passwd', 'utf8');
  const account = PREFERRED.map((name) => findEntry(passwd, name)).find((entry) => entry !== undefined);
  if (account === undefined) {
    throw new Error(
      'PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as: start Gatehouse as an ordinary user, or set DATABASE_URL',
    );
  }
  return account;
}
