import type { EntityManager } from 'typeorm';
import { indexesOf } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { canonicalAddress } from '../platform/email-address.ts';
import type { UserId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { passwordColumns } from './password-columns.ts';
import type { ProfileChange } from './profile.fields.ts';
import { sealedProfile } from './profile.sealing.ts';
import type { UserOrigin, UserStatus } from './user.entity.ts';
import { insertUser } from './user-creation.repository.ts';

export interface NewUser {
  /** As typed; its canonical form is what makes it unique. */
  readonly address: string;
  /** The encoded argon2id hash, or null for an account that no password opens. */
  readonly passwordHash: string | null;
  readonly profile: ProfileChange;
  readonly origin: UserOrigin;
  readonly status: Extract<UserStatus, 'PENDING' | 'ACTIVE'>;
  /** Names of roles that exist. */
  readonly roles: readonly string[];
}

/** The one way a user comes to be, whatever the way in: with their own data key, made now and never later. */
export class UserCreation {
  readonly #parts: { keyring: Keyring; dataKeys: DataKeys; clock: Clock; random: Random };

  constructor(parts: { keyring: Keyring; dataKeys: DataKeys; clock: Clock; random: Random }) {
    this.#parts = parts;
  }

  /** Adds the user in the caller's transaction, which fails on `ADDRESS_TAKEN` where the address has an account. */
  async create(tx: EntityManager, user: NewUser) {
    const { keyring, dataKeys, clock, random } = this.#parts;
    const now = clock.now();
    const id = uuidv7(clock, random) as UserId;
    const { row: dataKey, key } = dataKeys.create(id);
    await insertUser(tx, {
      user: {
        id,
        email: seal(key, { table: 'users', column: 'email', rowId: id }, user.address, random),
        emailVerifiedAt: user.status === 'ACTIVE' ? now : null,
        ...passwordColumns(keyring, id, user.passwordHash, random),
        status: user.status,
        origin: user.origin,
        contested: false,
        version: 1,
        mailTokenVersion: 1,
        createdAt: now,
        lastLoginAt: null,
      },
      dataKey,
      indexes: indexesOf(keyring, canonicalAddress(user.address)),
      profile: { ...sealedProfile(key, id, user.profile, random), updatedAt: null },
      roles: user.roles,
    });
    return { id, key, mailTokenVersion: 1 };
  }
}
