import { chmodSync, chownSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Random } from '../platform/random.ts';
import { KeyringError } from './keyring-text.ts';
import type { KeyringSource } from './load-keyring.ts';

/** The path of a keyring that is a file, and can be written and read again; undefined for one from elsewhere. */
export const keyringPath = (source: KeyringSource): string | undefined =>
  source.kind === 'file' || source.kind === 'development' ? source.path : undefined;

const OWNER_ONLY = 0o600;
const GROUP_READS = 0o040;

/**
 * Puts `text` in the place of the keyring that was read as `before`, in one step: a reader finds the one or the other, and
 * never a half. The one before stays beside it as `PATH.previous`. False where the file or its folder cannot be written.
 * Throws a KeyringError where somebody else has changed it meanwhile.
 */
export function replaceKeyringFile(path: string, before: string, text: string, random: Random): boolean {
  // A link stays a link: what it leads to is replaced.
  const target = realpathSync(path);
  const unfinished = `${target}.${random.bytes(6).toString('hex')}`;
  const { uid, gid, mode } = statSync(target);
  const write = (to: string, content: string) => {
    writeFileSync(unfinished, content, { mode: OWNER_ONLY, flag: 'wx', flush: true });
    chmodSync(unfinished, OWNER_ONLY | (mode & GROUP_READS));
    // Written as root, it must still be readable by the server.
    if (statSync(unfinished).uid !== uid || statSync(unfinished).gid !== gid) chownSync(unfinished, uid, gid);
    renameSync(unfinished, to);
  };
  try {
    if (readFileSync(target, 'utf8') !== before)
      throw new KeyringError('The keyring was changed meanwhile: run this again');
    write(`${target}.previous`, before);
    write(target, text);
    return true;
  } catch (error) {
    if (error instanceof KeyringError) throw error;
    return false;
  } finally {
    rmSync(unfinished, { force: true });
  }
}
