import type { EntityManager } from 'typeorm';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { isTokenHash, newToken, parseToken, tokenHash } from '../crypto/one-time-tokens.ts';
import { type Place, seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import {
  endOldestTokens,
  findLiveToken,
  insertToken,
  type MailTokenRow,
  spendToken,
} from './mail-tokens.repository.ts';
import type { TokenPurpose } from './one-time-token.entity.ts';

/** Live tokens per person and purpose: asking again must not kill the link that somebody else's mail brought. */
const LIVE_TOKENS = 3;

export const invalidToken = () =>
  new AppError('INVALID_TOKEN', 'This token is unknown, used or past its time. Ask for a new one.');

/** Where a token's payload stands. */
export const tokenPlace = (id: string): Place => ({ table: 'one_time_tokens', column: 'payload', rowId: id });

/** The tokens that travel in mails: 256 random bits, stored as a keyed hash, good for one use. */
export class MailTokens {
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #seconds: Readonly<Record<TokenPurpose, number>>;

  constructor(parts: {
    keyring: Keyring;
    clock: Clock;
    random: Random;
    seconds: Readonly<Record<TokenPurpose, number>>;
  }) {
    this.#keyring = parts.keyring;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#seconds = parts.seconds;
  }

  /** A new token in the transaction of what asks for it. The caller holds the user's row, so that no more than three stay live. */
  async issue(
    tx: EntityManager,
    user: { readonly id: UserId; readonly mailTokenVersion: number },
    purpose: TokenPurpose,
    payload?: { readonly key: SealingKey; readonly value: string },
  ): Promise<string> {
    const now = this.#clock.now();
    const id = uuidv7(this.#clock, this.#random);
    const token = newToken(id, this.#random);
    // Else an intruder who moves the address on and on would end the token that the owner can undo it all with.
    if (purpose !== 'REVERT_EMAIL') await endOldestTokens(tx, { userId: user.id, purpose, keep: LIVE_TOKENS - 1, now });
    await insertToken(tx, {
      id,
      userId: user.id,
      purpose,
      hash: tokenHash(this.#keyring, purpose, user.id, token.secret),
      payload: payload ? seal(payload.key, tokenPlace(id), payload.value, this.#random) : null,
      mailTokenVersion: user.mailTokenVersion,
      createdAt: now,
      expiresAt: new Date(now.getTime() + this.#seconds[purpose] * 1000),
    });
    return token.text;
  }

  /** The live token that `text` spells, for one of the purposes. Throws INVALID_TOKEN, whatever is wrong with it. */
  async get(manager: EntityManager, text: string, purposes: readonly TokenPurpose[]): Promise<MailTokenRow> {
    const parsed = parseToken(text);
    const row = parsed && (await findLiveToken(manager, parsed.id, this.#clock.now()));
    if (!parsed || !row || !purposes.includes(row.purpose)) throw invalidToken();
    if (!isTokenHash(this.#keyring, row.hash, row.purpose, row.userId, parsed.secret)) throw invalidToken();
    return row;
  }

  /** Uses it up in the transaction of the change that it allows; INVALID_TOKEN for all but the first of parallel tries. */
  async use(tx: EntityManager, row: MailTokenRow): Promise<void> {
    if (!(await spendToken(tx, row, this.#clock.now()))) throw invalidToken();
  }
}
