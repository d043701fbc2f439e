import type { DataSource } from 'typeorm';
import type { DataKeys } from '../crypto/data-keys.ts';
import { open } from '../crypto/sealed.ts';
import { type CanonicalAddress, canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import type { PasswordCheck } from './password-check.ts';
import type { CredentialRecord } from './user.record.ts';
import { findCredentials } from './users.repository.ts';

/** Checks the password of somebody who is known already: logged in, or holding a mailed token. */
export class OwnPassword {
  readonly #database: DataSource;
  readonly #passwords: PasswordCheck;
  readonly #dataKeys: DataKeys;

  constructor(parts: { database: DataSource; passwords: PasswordCheck; dataKeys: DataKeys }) {
    this.#database = parts.database;
    this.#passwords = parts.passwords;
    this.#dataKeys = parts.dataKeys;
  }

  /** Reads the user anew and runs argon2 once. UNAUTHENTICATED where they are gone. */
  async check(id: UserId, password: string): Promise<{ user: CredentialRecord; isRight: boolean }> {
    const user = await findCredentials(this.#database.manager, id);
    const address = user && this.addressOf(user);
    if (!user || address === undefined) throw new AppError('UNAUTHENTICATED', 'This session has ended. Log in again.');
    return { user, isRight: await this.#passwords.isPasswordOf(user, address, password, 'known') };
  }

  /** The user's own address in its canonical form; undefined once erased. */
  addressOf({ id, email, dataKey }: CredentialRecord): CanonicalAddress | undefined {
    if (email === null || dataKey === null) return undefined;
    const key = this.#dataKeys.unwrap(dataKey);
    return canonicalAddress(open(key, { table: 'users', column: 'email', rowId: id }, email));
  }
}
