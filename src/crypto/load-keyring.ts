import { execFile } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Random } from '../platform/random.ts';
import type { Secret } from '../platform/secret.ts';
import { generateKeyring, type Keyring, KeyringError, parseKeyring } from './keyring.ts';

/** Where the keyring comes from. */
export type KeyringSource =
  | { readonly kind: 'text'; readonly text: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** Made in DATA_DIR at the first start. */
  | { readonly kind: 'development'; readonly path: string };

const COMMAND_MS = 10_000;
const MAX_BYTES = 1_000_000;

/**
 * The keyring from its source; `isNew` where it was made just now. Throws a KeyringError that says what is wrong and repeats
 * nothing of what was read. A keyring that is there is never overwritten: with it would go all that it seals.
 */
export async function loadKeyring(
  source: KeyringSource,
  { production, random }: { production: boolean; random: Random },
): Promise<{ keyring: Keyring; isNew: boolean }> {
  const isNew = source.kind === 'development' && makeOnce(source.path, random);
  const keyring = parseKeyring(await readKeyring(source));
  if (production && keyring.development) {
    throw new KeyringError('This keyring was made by a development start: production needs one of its own');
  }
  return { keyring, isNew };
}

/** The JSON of the keyring as it is at its source. Throws a KeyringError that repeats nothing of it. */
export async function readKeyring(source: KeyringSource): Promise<string> {
  if (source.kind === 'text') return source.text.reveal();
  if (source.kind === 'command') return runCommand(source.command);
  try {
    return readFileSync(source.path, 'utf8');
  } catch {
    throw new KeyringError(`The keyring file ${source.path} cannot be read`);
  }
}

/** Without a shell, with a minimal environment. Neither its output nor its complaints reach a log: both may hold keys. */
function runCommand([file = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: COMMAND_MS, maxBuffer: MAX_BYTES, env: { PATH: '/usr/local/bin:/usr/bin:/bin' } };
    execFile(file, args, options, (error, output) => {
      if (!error) return resolve(output);
      const reason = error.killed ? `did not end within ${COMMAND_MS / 1000} s` : 'failed';
      reject(new KeyringError(`KEYRING_COMMAND ${reason}: run it by hand to see why`));
    });
  });
}

/** Two first starts at once must end with one keyring: it is linked into place whole, and the second finds it there. */
function makeOnce(path: string, random: Random): boolean {
  const unfinished = `${path}.${random.bytes(6).toString('hex')}`;
  try {
    readFileSync(path);
    return false;
  } catch {
    writeFileSync(unfinished, generateKeyring({ development: true, random }), { mode: 0o600, flush: true });
  }
  try {
    linkSync(unfinished, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(unfinished);
  }
}
