import type { Random } from '../platform/random.ts';
import { KEY_BYTES, parseKeyringText, ROOT_PURPOSES, type RootPurpose } from './keyring-text.ts';

type KeyringJson = Record<RootPurpose, { active: string; keys: Record<string, string> }>;

/** Each answers the JSON of another keyring, checked as a whole. They throw KeyringError, which repeats no key material. */
function edit(text: string, change: (json: KeyringJson) => void): string {
  parseKeyringText(text);
  const json: KeyringJson = JSON.parse(text);
  change(json);
  const edited = `${JSON.stringify(json, null, 2)}\n`;
  parseKeyringText(edited);
  return edited;
}

/** The number after the highest of these: an id that was retired must never come to name another key. */
function nextId(purpose: RootPurpose, ids: readonly string[]): string {
  const numbers = ids.map((id) => Number(/([0-9]{1,9})$/.exec(id)?.[1] ?? 0));
  return `${purpose.charAt(0)}${Math.max(0, ...numbers) + 1}`;
}

/**
 * With a new random key, held and not active yet: every server must have it before anything is made with it. `former`: ids that
 * keys of the purpose have had, which it does not get.
 */
export function addKey(
  text: string,
  purpose: RootPurpose,
  random: Random,
  former: readonly string[] = [],
): { text: string; id: string } {
  let id = '';
  const edited = edit(text, (json) => {
    id = nextId(purpose, [...Object.keys(json[purpose].keys), ...former]);
    json[purpose].keys[id] = random.bytes(KEY_BYTES).toString('base64url');
  });
  return { text: edited, id };
}

/** With another key active. The key must be there. */
export const activateKey = (text: string, purpose: RootPurpose, id: string): string =>
  edit(text, (json) => {
    json[purpose].active = id;
  });

/** Without a key, which must not be the active one. */
export const removeKey = (text: string, purpose: RootPurpose, id: string): string =>
  edit(text, (json) => {
    delete json[purpose].keys[id];
  });

/** A root key by its purpose and id. */
export interface KeyName {
  readonly purpose: RootPurpose;
  readonly id: string;
}

/** The keys that `text` names: `w1`, or `wrapping/w1` where two purposes use one id. */
export function findKeys(text: string, word: string): KeyName[] {
  const { purposes } = parseKeyringText(text);
  const names = ROOT_PURPOSES.flatMap((purpose) =>
    [...(purposes.get(purpose)?.keys.keys() ?? [])].map((id) => ({ purpose, id })),
  );
  return names.filter(({ purpose, id }) => word === id || word === `${purpose}/${id}`);
}
