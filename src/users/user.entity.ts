import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';

/** PENDING: address not verified. DISABLED: by an administrator. ERASED: no personal value is left, the row stays for the audit trail. */
export const USER_STATUSES = ['PENDING', 'ACTIVE', 'DISABLED', 'ERASED'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** How the account came to be. One made by an administrator or operator is never changed by `register`. */
export const USER_ORIGINS = ['REGISTRATION', 'ADMINISTRATOR', 'OPERATOR', 'IMPORT'] as const;
export type UserOrigin = (typeof USER_ORIGINS)[number];

@Entity('users')
@Index('users_created_at_id_idx', ['createdAt', 'id'])
@Index('users_status_created_at_id_idx', ['status', 'createdAt', 'id'])
@Index('users_unverified_idx', ['createdAt'], { where: `status = 'PENDING' AND origin = 'REGISTRATION'` })
@Check('users_status_check', `"status" IN ('PENDING', 'ACTIVE', 'DISABLED', 'ERASED')`)
@Check('users_origin_check', `"origin" IN ('REGISTRATION', 'ADMINISTRATOR', 'OPERATOR', 'IMPORT')`)
@Check('users_password_check', `("password_hash" IS NULL) = ("pepper_id" IS NULL)`)
export class UserEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: UserId;

  /** As typed at registration; mail goes here alone. Null once erased. */
  @Column('bytea', { nullable: true, transformer: sealedTransformer })
  email!: Sealed<string> | null;

  @Column('timestamp with time zone', { name: 'email_verified_at', precision: 3, nullable: true })
  emailVerifiedAt!: Date | null;

  /** The argon2id string under the pepper key `pepperId`. Null: no password opens this account. */
  @Column('bytea', { name: 'password_hash', nullable: true, transformer: sealedTransformer })
  passwordHash!: Sealed<string> | null;

  @Index('users_pepper_id_idx')
  @Column('text', { name: 'pepper_id', nullable: true })
  pepperId!: string | null;

  /** `m=…,t=…,p=…` of the hash, in clear, so that decoys can be made like the real ones. */
  @Column('text', { name: 'password_parameters', nullable: true })
  passwordParameters!: string | null;

  @Column('text')
  status!: UserStatus;

  @Column('text')
  origin!: UserOrigin;

  /** Registered more than once with different passwords while PENDING: nobody's password or profile counts. */
  @Column('boolean', { default: false })
  contested!: boolean;

  /** The fence: bumped by every change of password, address, factor, status or roles, and by ending all sessions. */
  @Column('integer', { default: 1 })
  version!: number;

  /** Bumped by a change of password, address or status alone: what voids the tokens in mails. */
  @Column('integer', { name: 'mail_token_version', default: 1 })
  mailTokenVersion!: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'last_login_at', precision: 3, nullable: true })
  lastLoginAt!: Date | null;
}
