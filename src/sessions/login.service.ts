import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import type { HashLane } from '../crypto/hash-queue.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import { canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import type { PasswordCheck } from '../users/password-check.ts';
import type { CredentialRecord } from '../users/user.record.ts';
import { findCredentialsByAddress } from '../users/users.repository.ts';
import type { LoggedIn } from './logged-in.type.ts';
import type { LoginFailures } from './login-failures.ts';
import type { TokenDelivery } from './session.entity.ts';
import type { SessionCreation } from './session-creation.ts';
import { refuseLostCookie } from './token-delivery.ts';

export interface PasswordLogin {
  /** As typed. */
  readonly address: string;
  readonly password: string;
  readonly delivery: TokenDelivery;
}

interface LoginParts {
  readonly database: DataSource;
  readonly keyring: Keyring;
  readonly hasher: PasswordHasher;
  readonly passwords: PasswordCheck;
  readonly sessions: SessionCreation;
  readonly failures: LoginFailures;
}

/** Login by password. */
export class LoginService {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /**
   * Throws INVALID_CREDENTIALS, at the same cost for every address; with the right password alone EMAIL_NOT_VERIFIED and
   * ACCOUNT_DISABLED; BUSY where the hashes are too far behind, or the account keeps changing under the login.
   */
  async login(context: RequestContext, login: PasswordLogin): Promise<LoggedIn> {
    refuseLostCookie(context, login.delivery);
    // Whoever loses the fence reads and verifies once more: what was proved may not count any more.
    const done = (await this.#try(context, login)) ?? (await this.#try(context, login));
    if (done) return done;
    throw new AppError('BUSY', 'The account changed during the login. Try again.', { retryAfter: 1 });
  }

  async #try(context: RequestContext, { address, password, delivery }: PasswordLogin): Promise<LoggedIn | undefined> {
    const { database, keyring, hasher, passwords, sessions, failures } = this.#parts;
    await hasher.findRoom(laneOf(context));
    const canonical = canonicalAddress(address);
    const user = await findCredentialsByAddress(database.manager, lookupIndex(keyring, canonical));
    const isRight = await passwords.isPasswordOf(user, canonical, password, laneOf(context));
    if (!user || !isRight) {
      const reason = user ? 'WRONG_PASSWORD' : 'UNKNOWN_ADDRESS';
      const refusal = new AppError('INVALID_CREDENTIALS', 'The address or the password is wrong.');
      throw failures.refuse(context, { user, address, reason }, refusal);
    }
    this.#refuseUnlessActive(context, user, address);
    return sessions.create(context, {
      user,
      delivery,
      factors: ['pwd'],
      rehash: await this.#rehash(context, user, password),
    });
  }

  /** Only after the right password: until then nobody learns how an account stands. */
  #refuseUnlessActive(context: RequestContext, user: CredentialRecord, address: string): void {
    const { failures } = this.#parts;
    if (user.status === 'PENDING') {
      const refusal = new AppError(
        'EMAIL_NOT_VERIFIED',
        'Verify the e-mail address first: a mail with a token was sent.',
      );
      throw failures.refuse(context, { user, address, reason: 'EMAIL_NOT_VERIFIED' }, refusal);
    }
    if (user.status !== 'ACTIVE') {
      const refusal = new AppError('ACCOUNT_DISABLED', 'This account is disabled.');
      throw failures.refuse(context, { user, address, reason: 'ACCOUNT_DISABLED' }, refusal);
    }
  }

  /** A new hash where the stored one has other parameters than today's; undefined where it is as it should be, or it is busy. */
  async #rehash(context: RequestContext, user: CredentialRecord, password: string): Promise<string | undefined> {
    const { hasher, passwords, keyring } = this.#parts;
    const encoded = passwords.encodedHash(user);
    const isOld =
      encoded !== undefined && (hasher.needsRehash(encoded) || user.pepperId !== keyring.active('pepper').id);
    if (!isOld) return undefined;
    try {
      return await hasher.hash(password, laneOf(context));
    } catch (error) {
      if (error instanceof AppError && error.code === 'BUSY') return undefined;
      throw error;
    }
  }
}

/** A device that was here before waits in a lane of its own: a flood of strangers does not stand before it. */
const laneOf = ({ knownDevice }: RequestContext): HashLane => (knownDevice ? 'known' : 'stranger');
