import type { DataSource } from 'typeorm';
import { type AuditTrail } from '../audit/audit-trail.ts';
import { toName } from '../audit/event-details.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { createSigningKey, type KeySet, openKeySet, type SigningAlgorithm, toJwks } from '../crypto/signing-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { findSigningKeys, insertFirstSigningKey } from './signing-keys.repository.ts';

interface SigningKeysParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: Random;
  readonly algorithm: SigningAlgorithm;
}

/** The keys that sign access tokens: shared by all nodes through the database, private halves sealed under the system key. */
export class SigningKeys {
  readonly #parts: SigningKeysParts;
  #keys: KeySet | undefined;

  constructor(parts: SigningKeysParts) {
    this.#parts = parts;
  }

  /** Reads the keys, and makes the first one on a new database. Throws SealBroken or KeyMissing where the keyring is another. */
  async load(): Promise<void> {
    const { database, audit, keyring, clock, random, algorithm } = this.#parts;
    const stored = await findSigningKeys(database.manager);
    if (!stored.some(({ state }) => state === 'CURRENT')) {
      const record = await createSigningKey(algorithm, { keyring, clock, random });
      await inTransaction(database, async (tx) => {
        if (!(await insertFirstSigningKey(tx, record))) return;
        await audit.record(tx, {
          type: 'signing_key.created',
          by: { kind: 'SYSTEM' },
          subjectId: toName(record.id),
          details: { alg: algorithm },
        });
      });
      stored.splice(0, stored.length, ...(await findSigningKeys(database.manager)));
    }
    this.#keys = openKeySet(keyring, stored);
  }

  /** The keys as last read. TypeError before the first `load`. */
  get keySet(): KeySet {
    if (!this.#keys) throw new TypeError('The signing keys are not loaded yet.');
    return this.#keys;
  }

  /** What `/.well-known/jwks.json` answers. */
  jwks() {
    return toJwks(this.keySet);
  }
}
