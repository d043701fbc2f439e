import type { DataKeys } from '../crypto/data-keys.ts';
import type { HashLane } from '../crypto/hash-queue.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { PasswordHasher } from '../crypto/password-hasher.ts';
import { open } from '../crypto/sealed.ts';
import { badInput, badPassword, type PasswordVerdict } from '../platform/bad-input.ts';
import type { Random } from '../platform/random.ts';
import type { OwnPassword } from './own-password.ts';
import type { PasswordCheck } from './password-check.ts';
import { passwordColumns } from './password-columns.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { profilePlace } from './profile.sealing.ts';
import type { CredentialRecord } from './user.record.ts';

interface NewPasswordParts {
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly hasher: PasswordHasher;
  readonly passwords: PasswordCheck;
  readonly ownPassword: OwnPassword;
  readonly policy: PasswordPolicy;
  readonly random: Random;
}

const UNCHANGED: PasswordVerdict = { reasons: ['UNCHANGED'], message: 'It must differ from the current password.' };

/** A password to be set for somebody who is known: judged by what they are called, and never the one that they have. */
export class NewPassword {
  readonly #parts: NewPasswordParts;

  constructor(parts: NewPasswordParts) {
    this.#parts = parts;
  }

  /**
   * What the user's row is to hold. Throws WEAK_PASSWORD with the path `input.newPassword`, and BUSY. Two argon2 runs: the
   * comparison with the current one, and the hash.
   */
  async toColumns(user: CredentialRecord, password: string, lane: HashLane) {
    const { keyring, hasher, passwords, ownPassword, policy, random } = this.#parts;
    const address = ownPassword.addressOf(user);
    const verdict = policy.judge(password, { address, names: this.#namesOf(user) });
    if (verdict) throw badInput([badPassword(['input', 'newPassword'], verdict)]);
    if (address !== undefined && (await passwords.isPasswordOf(user, address, password, lane))) {
      throw badInput([badPassword(['input', 'newPassword'], UNCHANGED)]);
    }
    return passwordColumns(keyring, user.id, await hasher.hash(password, lane), random);
  }

  #namesOf({ id, dataKey, profile }: CredentialRecord): string[] {
    if (dataKey === null) return [];
    const key = this.#parts.dataKeys.unwrap(dataKey);
    return (['displayName', 'givenName', 'familyName'] as const).flatMap((field) => {
      const sealed = profile[field];
      return sealed === null ? [] : [open(key, profilePlace(id, field), sealed)];
    });
  }
}
