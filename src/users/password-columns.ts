import type { Keyring } from '../crypto/keyring.ts';
import { sealPasswordHash } from '../crypto/stored-password.ts';
import type { UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import type { UserEntity } from './user.entity.ts';

type PasswordColumns = Pick<UserEntity, 'passwordHash' | 'pepperId' | 'passwordParameters'>;

/** What the user's row holds of an encoded argon2id string; of null, that no password opens the account. */
export function passwordColumns(keyring: Keyring, id: UserId, encoded: string | null, random: Random): PasswordColumns {
  if (encoded === null) return { passwordHash: null, pepperId: null, passwordParameters: null };
  const { sealed, pepperId } = sealPasswordHash(keyring, id, encoded, random);
  // $argon2id$v=19$m=…,t=…,p=…$salt$hash
  return { passwordHash: sealed, pepperId, passwordParameters: encoded.split('$')[3] ?? null };
}
