import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Random } from '../platform/random.ts';
import { ed25519FromSeed, jwkThumbprint, toPublicJwk } from './jwk.ts';
import {
  KEY_BYTES,
  KEYRING_FORMAT,
  KeyringError,
  type KeyringFacts,
  parseKeyringText,
  ROOT_PURPOSES,
  type RootPurpose,
} from './keyring-text.ts';
import { type SealingKey, toSealingKey } from './sealed.ts';
import { deriveSubkey } from './subkeys.ts';

export { KeyringError, ROOT_PURPOSES, type RootPurpose } from './keyring-text.ts';
export type { SealingKey } from './sealed.ts';

/** Something is sealed under a root key that this keyring does not hold. */
export class KeyMissing extends Error {
  override readonly name = 'KeyMissing';
  readonly code = 'KEY_MISSING';

  constructor(
    readonly purpose: RootPurpose,
    readonly keyId: string,
  ) {
    super(`The keyring has no ${purpose} key "${keyId}"`);
  }
}

/** Which root keys somebody has: `held` all of them, `active` those that new values are made with. */
export interface HeldKeys {
  readonly held: readonly string[];
  readonly active: readonly string[];
}

/** The root keys, by purpose and id. They live in memory alone; the database holds only what they seal. */
export class Keyring {
  /** Made by a development start; production refuses it. */
  readonly development: boolean;
  /** Thumbprint (RFC 7638) of the first audit key's public half: the root of trust for the audit trail's heads. */
  readonly auditRoot: string;
  readonly #keys = new Map<RootPurpose, ReadonlyMap<string, SealingKey>>();
  readonly #active = new Map<RootPurpose, string>();
  readonly #subkeys = new Map<string, KeyObject>();

  constructor({ development, auditRoot, purposes }: KeyringFacts) {
    this.development = development;
    this.auditRoot = auditRoot;
    this.#hold(purposes);
  }

  /**
   * Takes the keys of another reading of the same keyring: from now on they are the ones held and active, wherever this one is
   * used. Throws KeyringError for another keyring.
   */
  adopt({ development, auditRoot, purposes }: KeyringFacts): void {
    if (auditRoot !== this.auditRoot || development !== this.development) {
      throw new KeyringError('This is another keyring: its audit root is not the one that this server started with');
    }
    for (const [purpose, { keys }] of purposes) {
      for (const [id, secret] of keys) {
        const held = this.#keys.get(purpose)?.get(id);
        if (held && !held.secret.export().equals(secret)) {
          throw new KeyringError(`Keyring: key "${id}" of "${purpose}" is another key than before`);
        }
      }
    }
    this.#subkeys.clear();
    this.#hold(purposes);
  }

  #hold(purposes: KeyringFacts['purposes']): void {
    for (const [purpose, { active, keys }] of purposes) {
      this.#active.set(purpose, active);
      this.#keys.set(purpose, new Map([...keys].map(([id, secret]) => [id, toSealingKey(id, secret)])));
    }
  }

  /** The key that new values of this purpose are made with. */
  active(purpose: RootPurpose): SealingKey {
    return this.get(purpose, this.#active.get(purpose) ?? '');
  }

  /** Throws KeyMissing, which names purpose and id. */
  get(purpose: RootPurpose, id: string): SealingKey {
    const key = this.#keys.get(purpose)?.get(id);
    if (key === undefined) throw new KeyMissing(purpose, id);
    return key;
  }

  /** Every key held for this purpose, the active one first. */
  all(purpose: RootPurpose): readonly SealingKey[] {
    const active = this.active(purpose);
    return [active, ...[...(this.#keys.get(purpose)?.values() ?? [])].filter((key) => key !== active)];
  }

  /**
   * Every key held, as `purpose/id/mark`: the mark (64 bits of a subkey) tells two keys of one id apart and says nothing else of
   * either.
   */
  names(): HeldKeys {
    const nameOf = (purpose: RootPurpose, id: string) =>
      `${purpose}/${id}/${this.subkeysOf(purpose, id, 'mark').export().toString('hex', 0, 8)}`;
    return {
      held: ROOT_PURPOSES.flatMap((purpose) => this.all(purpose).map(({ id }) => nameOf(purpose, id))),
      active: ROOT_PURPOSES.map((purpose) => nameOf(purpose, this.active(purpose).id)),
    };
  }

  /** The key of 32 bytes for the use `label`, derived from the active system key. */
  subkey(label: string): KeyObject {
    return this.subkeysOf('system', this.active('system').id, label);
  }

  /** The key for the use `label`, derived from one root key (HKDF, `subkeys.ts`); derived once. Throws KeyMissing. */
  subkeysOf(purpose: RootPurpose, id: string, label: string): KeyObject {
    // The id last: it may come from a row that somebody planted.
    const name = `${purpose} ${label} ${id}`;
    const known = this.#subkeys.get(name);
    if (known !== undefined) return known;
    const subkey = deriveSubkey(this.get(purpose, id).secret, purpose, label);
    this.#subkeys.set(name, subkey);
    return subkey;
  }
}

/** Reads a keyring's JSON. Throws KeyringError, which names what is wrong and never repeats key material. */
export function parseKeyring(text: string): Keyring {
  return new Keyring(parseKeyringText(text));
}

/** The use of an audit key that grows the Ed25519 key signing the heads. */
export const AUDIT_SIGNING_LABEL = 'audit-head-signature';

/** The JSON of a new keyring: one random key for each purpose, `w1`, `i1`, `p1`, `s1`, `a1`. */
export function generateKeyring({ development, random }: { development: boolean; random: Random }): string {
  const secrets = ROOT_PURPOSES.map((purpose) => [purpose, random.bytes(KEY_BYTES)] as const);
  const audit = createSecretKey(new Map(secrets).get('audit') ?? Buffer.alloc(0));
  const signer = ed25519FromSeed(deriveSubkey(audit, 'audit', AUDIT_SIGNING_LABEL).export());
  const purposes = secrets.map(([purpose, secret]) => {
    const id = `${purpose.charAt(0)}1`;
    return [purpose, { active: id, keys: { [id]: secret.toString('base64url') } }];
  });
  const auditRoot = jwkThumbprint(toPublicJwk(signer));
  const keyring = { format: KEYRING_FORMAT, development, auditRoot, ...Object.fromEntries(purposes) };
  return `${JSON.stringify(keyring, null, 2)}\n`;
}
