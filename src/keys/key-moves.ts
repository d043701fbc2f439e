import type { DataSource, EntityManager } from 'typeorm';
import { indexUnder } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { rewrapDayKey } from '../crypto/day-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { open, SealBroken } from '../crypto/sealed.ts';
import { resealSigningKey } from '../crypto/signing-keys.ts';
import { openPasswordHash, sealPasswordHash } from '../crypto/stored-password.ts';
import { parseEmailAddress } from '../platform/email-address.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { findSigningKeys, moveSigningEpoch } from '../sessions/signing-keys.repository.ts';
import { countUnindexed } from './key-uses.repository.ts';
import {
  type After,
  countElsewhere,
  findDataKeysElsewhere,
  findDayKeysElsewhere,
  findHashesElsewhere,
  findUnindexed,
  insertIndexes,
  type Moved,
  type MovedTable,
  storeMoved,
} from './moves.repository.ts';

export interface MoveParts {
  readonly database: DataSource;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly random: Random;
  /** Called after each batch, with how many rows of how many are done. */
  readonly progress: (table: string, done: number, total: number) => void;
  /** Rows of one statement: few enough that no request waits for their locks. */
  readonly batch: number;
}

/** What came of moving one table's rows. */
export interface MoveOutcome {
  readonly table: string;
  readonly moved: number;
  /** What does not open, of each such row: it stays as it is. */
  readonly broken: readonly SealBroken[];
  /** Rows that are still under another key, the broken ones included. */
  readonly left: number;
}

/** A pass finds what changed under the one before it: it is enough of them once nobody writes under the old key. */
const PASSES = 5;

/**
 * Brings what stands under other root keys under the active ones, while the server serves: batch by batch, each row only where
 * it is still as it was read. What is left to do stands in the rows themselves, so that it may be stopped and begun again.
 */
export class KeyMoves {
  readonly #parts: MoveParts;

  constructor(parts: MoveParts) {
    this.#parts = parts;
  }

  /** The keys of people and of days, under the active wrapping key. */
  async rewrap(): Promise<MoveOutcome[]> {
    const { keyring, dataKeys, random } = this.#parts;
    return [
      await this.#move('data_keys', keyring.active('wrapping').id, findDataKeysElsewhere, (row) => {
        const { wrapped, wrappingKeyId } = dataKeys.rewrap(row);
        return { id: row.id, before: row.wrapped, after: wrapped, keyId: wrappingKeyId };
      }),
      await this.#move('day_keys', keyring.active('wrapping').id, findDayKeysElsewhere, (row) => {
        const { wrapped, wrappingKeyId } = rewrapDayKey(keyring, row, random);
        return { id: row.id, before: row.wrapped, after: wrapped, keyId: wrappingKeyId };
      }),
    ];
  }

  /** The hashes of passwords, under the active pepper: no password is needed for it. */
  async repepper(): Promise<MoveOutcome[]> {
    const { keyring, random } = this.#parts;
    return [
      await this.#move('users', keyring.active('pepper').id, findHashesElsewhere, ({ id, sealed, pepperId }) => {
        const stored = sealPasswordHash(keyring, id, openPasswordHash(keyring, id, { sealed, pepperId }), random);
        return { id, before: sealed.bytes, after: stored.sealed.bytes, keyId: stored.pepperId };
      }),
    ];
  }

  /** The private halves of the signing keys, under the active system key. */
  async resealSigningKeys(): Promise<MoveOutcome[]> {
    const { database, keyring, random } = this.#parts;
    const active = keyring.active('system').id;
    const find = async (manager: EntityManager, _: string, after: After) =>
      after === null ? (await findSigningKeys(manager)).filter(({ systemKeyId }) => systemKeyId !== active) : [];
    const outcome = await this.#move('signing_keys', active, find, (row) => {
      const { privateKey, systemKeyId } = resealSigningKey(keyring, row, random);
      return { id: row.id, before: row.privateKey.bytes, after: privateKey.bytes, keyId: systemKeyId };
    });
    if (outcome.moved > 0) await inTransaction(database, moveSigningEpoch);
    return [outcome];
  }

  /** An index row for every address under every index key held: only then may look-ups go by another key. */
  async reindex(): Promise<MoveOutcome[]> {
    const outcomes: MoveOutcome[] = [];
    for (const { id } of this.#parts.keyring.all('index')) outcomes.push(await this.#reindexUnder(id));
    return outcomes;
  }

  async #move<Row extends { readonly id: string }>(
    table: MovedTable,
    active: string,
    find: (manager: EntityManager, active: string, after: After, limit: number) => Promise<Row[]>,
    change: (row: Row) => Moved,
  ): Promise<MoveOutcome> {
    const { database, batch } = this.#parts;
    return this.#inPasses(
      table,
      () => countElsewhere(database.manager, table, active),
      (after) => find(database.manager, active, after, batch),
      change,
      (changed) => inTransaction(database, (tx) => storeMoved(tx, table, changed)),
    );
  }

  #reindexUnder(keyVersion: string): Promise<MoveOutcome> {
    const { database, keyring, dataKeys, batch } = this.#parts;
    return this.#inPasses(
      `email_indexes ${keyVersion}`,
      () => countUnindexed(database.manager, keyVersion),
      (after) => findUnindexed(database.manager, keyVersion, after, batch),
      ({ id, version, email, dataKey }) => {
        const place = { table: 'users', column: 'email', rowId: id };
        const address = parseEmailAddress(open(dataKeys.unwrap(dataKey), place, email));
        if (!address) throw new SealBroken(place, dataKey.id);
        return { id, version, index: indexUnder(keyring, keyVersion, address.canonical).index };
      },
      (changed) => inTransaction(database, (tx) => insertIndexes(tx, keyVersion, changed)),
    );
  }

  async #inPasses<Row extends { readonly id: string }, Changed>(
    table: string,
    count: () => Promise<number>,
    find: (after: After) => Promise<Row[]>,
    change: (row: Row) => Changed,
    store: (changed: readonly Changed[]) => Promise<number>,
  ): Promise<MoveOutcome> {
    const total = await count();
    const broken = new Map<string, SealBroken>();
    let moved = 0;
    let left = total;
    for (let pass = 1; pass <= PASSES && left > broken.size; pass += 1) {
      let after: After = null;
      for (let rows = await find(after); rows.length > 0; rows = await find(after)) {
        const changed = rows.flatMap((row) =>
          tryTo(
            () => change(row),
            (error) => broken.set(row.id, error),
          ),
        );
        if (changed.length > 0) moved += await store(changed);
        this.#parts.progress(table, moved, total);
        after = rows.at(-1)?.id ?? null;
      }
      left = await count();
    }
    return { table, moved, broken: [...broken.values()], left };
  }
}

/** A row that does not open stops nobody else's. */
function tryTo<T>(work: () => T, failed: (error: SealBroken) => void): T[] {
  try {
    return [work()];
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    failed(error);
    return [];
  }
}
