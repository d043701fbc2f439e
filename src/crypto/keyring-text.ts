import { parseBase64url } from './base64url.ts';

/** What a root key is for; no key serves two purposes. */
export const ROOT_PURPOSES = ['wrapping', 'index', 'pepper', 'system', 'audit'] as const;
export type RootPurpose = (typeof ROOT_PURPOSES)[number];

export const KEYRING_FORMAT = 'gatehouse-keyring/1';
export const KEY_BYTES = 32;

/** The keys of one purpose, checked: `active` is one of `keys`. */
export interface RootKeys {
  readonly active: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

export interface KeyringFacts {
  readonly development: boolean;
  readonly auditRoot: string;
  readonly purposes: ReadonlyMap<RootPurpose, RootKeys>;
}

/** A keyring that cannot be used. The message names purpose and key id, never key material. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
}

/** Short enough that no secret (43 characters) can stand in for an id or a field's name, and so in a message. */
const ID = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;
const nameOf = (text: string) => (ID.test(text) ? `"${text}"` : '(a name that is none)');

type JsonObject = Readonly<Record<string, unknown>>;

function fail(problem: string): never {
  throw new KeyringError(`Keyring: ${problem}`);
}

/** Parses without ever repeating the text: JSON.parse's own message quotes from it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fail('not valid JSON');
  }
}

const countNames = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + countNames(inner), Object.keys(value).length)
    : 0;

/** JSON.parse keeps the last of two equal names: a key would be lost without a word, and with it all that it seals. */
function refuseDuplicateNames(text: string, value: unknown): void {
  const written = text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?/g) ?? [];
  if (written.filter((token) => token.endsWith(':')).length !== countNames(value)) fail('a name stands in it twice');
}

function getObject(value: unknown, where: string, fields?: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(`${where} must be an object`);
  const unknownField = fields && Object.keys(value).find((field) => !fields.includes(field));
  if (unknownField !== undefined) fail(`${where} has the unknown field ${nameOf(unknownField)}`);
  return value as JsonObject;
}

function parseSecret(value: unknown, where: string): Buffer {
  const bytes = typeof value === 'string' ? parseBase64url(value) : undefined;
  if (bytes === undefined) return fail(`${where} must be base64url without padding`);
  if (bytes.length !== KEY_BYTES) fail(`${where} must be ${KEY_BYTES} bytes, not ${bytes.length}`);
  if (bytes.every((byte) => byte === bytes[0])) fail(`${where} is one byte repeated, not a random key`);
  return bytes;
}

function parseRootKeys(purpose: RootPurpose, value: unknown, owners: Map<string, string>): RootKeys {
  const { active, keys } = getObject(value, `"${purpose}"`, ['active', 'keys']);
  const secrets = new Map<string, Buffer>();
  for (const [id, text] of Object.entries(getObject(keys, `"keys" of "${purpose}"`))) {
    if (!ID.test(id)) fail(`"${purpose}" has a key id that is not 1 to 32 letters, digits and dashes, a letter first`);
    const where = `key "${id}" of "${purpose}"`;
    const secret = parseSecret(text, where);
    const owner = owners.get(secret.toString('hex'));
    if (owner !== undefined) fail(`${where} is the same as ${owner}`);
    owners.set(secret.toString('hex'), where);
    secrets.set(id, secret);
  }
  if (typeof active !== 'string') return fail(`"${purpose}" must name its active key`);
  if (!secrets.has(active)) fail(`"${purpose}" has no key ${nameOf(active)}, which it calls active`);
  return { active, keys: secrets };
}

/** Reads and checks the keyring's JSON. Throws KeyringError for the first thing that is wrong. */
export function parseKeyringText(text: string): KeyringFacts {
  const json = parseJson(text);
  const fields = getObject(json, 'the whole', ['format', 'development', 'auditRoot', ...ROOT_PURPOSES]);
  const { format, development, auditRoot } = fields;
  if (format !== KEYRING_FORMAT) fail(`"format" must be "${KEYRING_FORMAT}"`);
  if (typeof development !== 'boolean') return fail('"development" must be true or false');
  if (typeof auditRoot !== 'string' || parseBase64url(auditRoot)?.length !== 32) {
    return fail('"auditRoot" must be the thumbprint of the first audit key: 32 bytes in base64url');
  }
  const owners = new Map<string, string>();
  const purposes = new Map<RootPurpose, RootKeys>();
  for (const purpose of ROOT_PURPOSES) purposes.set(purpose, parseRootKeys(purpose, fields[purpose], owners));
  refuseDuplicateNames(text, json);
  return { development, auditRoot, purposes };
}
