import { generateKeyring, type Keyring, parseKeyring, type RootPurpose } from '../../src/crypto/keyring.ts';
import { CountedRandom } from './counted-random.ts';

/** The JSON of a keyring, as a test may change it before it is parsed. */
export interface KeyringJson extends Record<RootPurpose, { active: string; keys: Record<string, string> }> {
  format: string;
  development: boolean;
  auditRoot: string;
}

/** The same keyring for the same `seed` in every run. */
export const keyringJson = (seed = 'keyring'): KeyringJson =>
  JSON.parse(generateKeyring({ development: true, random: new CountedRandom(seed) }));

export const keyringOf = (seed?: string): Keyring => parseKeyring(JSON.stringify(keyringJson(seed)));

/** The keyring after `purpose` got a new key `id`, now its active one. Without `keepsOld` it has lost all others. */
export function rotated(purpose: RootPurpose, id: string, { keepsOld = true, seed = 'keyring' } = {}): Keyring {
  const json = keyringJson(seed);
  const fresh = { [id]: new CountedRandom(`${seed} ${purpose} ${id}`).bytes(32).toString('base64url') };
  json[purpose] = { active: id, keys: keepsOld ? { ...json[purpose].keys, ...fresh } : fresh };
  return parseKeyring(JSON.stringify(json));
}
