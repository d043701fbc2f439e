import type { Clock } from '../platform/clock.ts';
import type { DataKeyId, UserId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { KeyMissing, type Keyring } from './keyring.ts';
import { KEY_BYTES } from './keyring-text.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import { SealBroken, type SealingKey, toSealingKey } from './sealed.ts';
import { BOX_VERSION, openBox, sealBox } from './sealed-box.ts';

/** A person's data key as it stands in its row: 32 random bytes in a box under the wrapping key. */
export interface WrappedDataKey {
  readonly id: DataKeyId;
  readonly userId: UserId;
  readonly wrapped: Buffer;
  readonly wrappingKeyId: string;
}

/** How long an unwrapped key may outlive the row it came from, on a node that reads that row no more. */
const CACHE_MS = 60_000;
const CACHE_SIZE = 10_000;

const aadOf = ({ id, userId, wrappingKeyId }: Omit<WrappedDataKey, 'wrapped'>) =>
  lengthPrefixed('data-key', BOX_VERSION, userId, wrappingKeyId, id);

interface Unwrapped {
  readonly key: SealingKey;
  /** All of its row but the id. */
  readonly from: string;
  readonly untilMs: number;
}

/** As a text: a buffer would keep all of the memory that it was cut from. */
const factsOf = ({ userId, wrappingKeyId, wrapped }: WrappedDataKey) =>
  `${userId} ${wrappingKeyId} ${wrapped.toString('latin1')}`;

/** What `opening` answers, undefined where something did not open for want of its key or because it was damaged. */
export function ifItOpens<T>(opening: () => T): T | undefined {
  try {
    return opening();
  } catch (error) {
    if (error instanceof SealBroken || error instanceof KeyMissing) return undefined;
    throw error;
  }
}

/** Makes and unwraps the keys that personal data is sealed under, one for each person. */
export class DataKeys {
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cache = new Map<DataKeyId, Unwrapped>();

  constructor(keyring: Keyring, clock: Clock, random: Random) {
    this.#keyring = keyring;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new key, wrapped under the active wrapping key. Made with the user, never later: an erased person must get no new one. */
  create(userId: UserId): { row: WrappedDataKey; key: SealingKey } {
    const id = uuidv7(this.#clock, this.#random) as DataKeyId;
    const secret = this.#random.bytes(KEY_BYTES);
    const wrapping = this.#keyring.active('wrapping');
    const facts = { id, userId, wrappingKeyId: wrapping.id };
    const wrapped = sealBox(wrapping.secret, aadOf(facts), secret, this.#random);
    return { row: { ...facts, wrapped }, key: toSealingKey(id, secret) };
  }

  /**
   * The key in a row that this request has read. Throws SealBroken for a row that was changed or is another person's, and
   * KeyMissing. A short cache spares the work; it goes by all of the row, so that a moved one is never taken from it.
   */
  unwrap(row: WrappedDataKey): SealingKey {
    const nowMs = this.#clock.now().getTime();
    const known = this.#cache.get(row.id);
    if (known !== undefined && known.untilMs > nowMs && known.from === factsOf(row)) return known.key;
    const wrapping = this.#keyring.get('wrapping', row.wrappingKeyId);
    const secret = openBox(wrapping.secret, aadOf(row), row.wrapped);
    if (secret === undefined) {
      throw new SealBroken({ table: 'data_keys', column: 'wrapped', rowId: row.id }, row.wrappingKeyId);
    }
    const key = toSealingKey(row.id, secret);
    this.#remember(row, key, nowMs);
    return key;
  }

  /**
   * The same, undefined where it does not open. For what must not hang on it: whoever damaged a person's row must keep neither the
   * trail from telling of that person, nor them from being logged out, shut out or erased.
   */
  find(row: WrappedDataKey): SealingKey | undefined {
    return ifItOpens(() => this.unwrap(row));
  }

  /** The same key under the active wrapping key; shown to open before it is answered. Throws SealBroken and KeyMissing. */
  rewrap(row: WrappedDataKey): WrappedDataKey {
    const secret = this.unwrap(row).secret.export();
    const wrapping = this.#keyring.active('wrapping');
    const facts = { id: row.id, userId: row.userId, wrappingKeyId: wrapping.id };
    const moved = { ...facts, wrapped: sealBox(wrapping.secret, aadOf(facts), secret, this.#random) };
    const shown = openBox(wrapping.secret, aadOf(moved), moved.wrapped);
    if (!shown?.equals(secret)) throw new TypeError('A data key did not open as it was wrapped');
    return moved;
  }

  /** Lets go of every key that had its time: on a quiet node nothing else would. Call it every few seconds. */
  dropExpired(): void {
    const nowMs = this.#clock.now().getTime();
    for (const [id, { untilMs }] of this.#cache) if (untilMs <= nowMs) this.#cache.delete(id);
  }

  /** How many unwrapped keys are held. */
  get size(): number {
    return this.#cache.size;
  }

  #remember(row: WrappedDataKey, key: SealingKey, nowMs: number): void {
    this.#cache.delete(row.id);
    this.#cache.set(row.id, { key, from: factsOf(row), untilMs: nowMs + CACHE_MS });
    // In the order of insertion, so the first are the oldest.
    for (const [oldest, { untilMs }] of this.#cache) {
      if (untilMs > nowMs && this.#cache.size <= CACHE_SIZE) break;
      this.#cache.delete(oldest);
    }
  }
}
