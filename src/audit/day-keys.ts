import type { EntityManager } from 'typeorm';
import { unwrapDayKey, wrapDayKey } from '../crypto/day-keys.ts';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import type { Clock } from '../platform/clock.ts';
import type { DayKeyId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { DAY_KEY_LIVES, type DayKeyLife } from './day-key.entity.ts';
import { deleteDayKeysBefore, findDayKey, findDayKeyById, insertDayKey } from './day-keys.repository.ts';

const DAY_MS = 86_400_000;
const KEEP_DAYS = 30;

const dayOf = (at: Date) => at.toISOString().slice(0, 10);

/** Whether what this manager writes may still be rolled back. */
const isInTransaction = (manager: EntityManager) => manager.queryRunner?.isTransactionActive === true;

/** The keys of days: for what is personal and belongs to no known person. One a day and life, shared by all nodes. */
export class DayKeys {
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cache = new Map<string, SealingKey>();

  constructor({ keyring, clock, random }: { keyring: Keyring; clock: Clock; random: Random }) {
    this.#keyring = keyring;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Today's key, made on demand. Inside a transaction it works on that transaction's own connection (a second one would deadlock a
   * drained pool) and caches nothing: rolled back, the cached key would go on sealing what nobody could ever open.
   */
  async getToday(manager: EntityManager, life: DayKeyLife): Promise<SealingKey> {
    return this.#get(manager, dayOf(this.#clock.now()), life);
  }

  /** The key `id`, or undefined once it was deleted. */
  async findById(manager: EntityManager, id: string): Promise<SealingKey | undefined> {
    const row = await findDayKeyById(manager, id);
    return row && unwrapDayKey(this.#keyring, row);
  }

  /** Makes and caches the keys of today and tomorrow, so that requests find theirs ready. At start, and then every few hours. */
  async prepare(manager: EntityManager): Promise<void> {
    const now = this.#clock.now();
    const days = [dayOf(now), dayOf(new Date(now.getTime() + DAY_MS))];
    for (const name of this.#cache.keys()) if (!days.some((day) => name.startsWith(day))) this.#cache.delete(name);
    for (const day of days) for (const life of DAY_KEY_LIVES) await this.#get(manager, day, life);
  }

  /** Deletes the keys that had their 30 days. Answers how many. */
  async deleteExpired(manager: EntityManager): Promise<number> {
    const oldest = new Date(this.#clock.now().getTime() - KEEP_DAYS * DAY_MS);
    return deleteDayKeysBefore(manager, dayOf(oldest), 'DAYS_30');
  }

  async #get(manager: EntityManager, day: string, life: DayKeyLife): Promise<SealingKey> {
    const name = `${day} ${life}`;
    const cached = this.#cache.get(name);
    if (cached !== undefined) return cached;
    const row = (await findDayKey(manager, day, life)) ?? (await this.#make(manager, day, life));
    const key = unwrapDayKey(this.#keyring, row);
    if (!isInTransaction(manager)) this.#cache.set(name, key);
    return key;
  }

  async #make(manager: EntityManager, day: string, life: DayKeyLife) {
    const id = uuidv7(this.#clock, this.#random) as DayKeyId;
    const { row } = wrapDayKey(this.#keyring, id, this.#random);
    await insertDayKey(manager, { ...row, day, life, createdAt: this.#clock.now() });
    const stored = await findDayKey(manager, day, life);
    if (stored === undefined) throw new TypeError('A day key must be made where it can be read at once');
    return stored;
  }
}
