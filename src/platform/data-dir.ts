import { chmodSync, mkdirSync, statSync } from 'node:fs';

const STICKY = 0o1000;
const OTHERS = 0o077;

/**
 * Makes DATA_DIR, mode 0700, or closes an existing one of this user to everybody else: keys, passwords, mails and the
 * database stand in it. Throws for a directory that is shared by its nature (/tmp), which must not be closed.
 */
export function prepareDataDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(path);
  if ((mode & STICKY) !== 0)
    throw new Error(`DATA_DIR (${path}) is shared with others: give Gatehouse a directory of its own`);
  const isMine = uid === (process.geteuid?.() ?? uid);
  if (isMine && (mode & OTHERS) !== 0) chmodSync(path, 0o700);
}
