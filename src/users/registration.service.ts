import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import { canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import type { RegistrationAttempt } from './address-job.payload.ts';
import { type AddressJobs, jobOrigin } from './address-jobs.ts';
import type { PasswordCheck } from './password-check.ts';
import type { ProfileChange } from './profile.fields.ts';
import type { CredentialRecord } from './user.record.ts';
import { findCredentialsByAddress } from './users.repository.ts';

export interface Registration {
  /** As typed. */
  readonly address: string;
  /** Judged already. */
  readonly password: string;
  readonly profile: ProfileChange;
}

interface RegistrationParts {
  readonly database: DataSource;
  readonly keyring: Keyring;
  readonly hasher: PasswordHasher;
  readonly passwords: PasswordCheck;
  readonly jobs: AddressJobs;
  readonly isOpen: boolean;
}

/**
 * Takes registrations. Whoever the address belongs to, the request does the same: one look-up, one argon2 run, one job written;
 * `address-work.ts` does the rest afterwards. So neither text nor time tells whether there is an account (ASVS v5.0.0-6.3.8).
 */
export class RegistrationService {
  readonly #parts: RegistrationParts;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  /** Throws REGISTRATION_CLOSED, and BUSY when the hashes are too far behind. */
  async register(context: RequestContext, { address, password, profile }: Registration): Promise<void> {
    const { database, keyring, jobs, isOpen } = this.#parts;
    if (!isOpen) throw new AppError('REGISTRATION_CLOSED', 'Registration is closed on this server.');
    const user = await findCredentialsByAddress(database.manager, lookupIndex(keyring, canonicalAddress(address)));
    const attempt = await this.#attempt(user, address, password);
    await jobs.add(database.manager, { kind: 'REGISTER', address, profile, attempt, from: jobOrigin(context) });
    jobs.wake();
  }

  /** Compares with the stored hash or makes a new one: the same work either way. */
  async #attempt(user: CredentialRecord | undefined, address: string, password: string): Promise<RegistrationAttempt> {
    const { hasher, passwords } = this.#parts;
    const isOpenAccount = user?.status === 'PENDING' && user.origin === 'REGISTRATION';
    if (isOpenAccount && passwords.encodedHash(user) !== undefined) {
      const isRepeat = await passwords.isPasswordOf(user, canonicalAddress(address), password, 'stranger');
      return isRepeat ? { kind: 'REPEATED', version: user.version } : { kind: 'CONTESTED' };
    }
    const passwordHash = await hasher.hash(password, 'stranger');
    if (!user) return { kind: 'NEW', passwordHash };
    return { kind: isOpenAccount ? 'CONTESTED' : 'TAKEN' };
  }
}
