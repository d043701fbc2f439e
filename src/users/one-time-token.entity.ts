import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import { UserEntity } from './user.entity.ts';

export const TOKEN_PURPOSES = [
  'VERIFY_EMAIL',
  'RESET_PASSWORD',
  'SET_PASSWORD',
  'CHANGE_EMAIL',
  'REVERT_EMAIL',
] as const;
export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];

/** A token that was mailed: only a keyed hash of it stands here, so that a reader of the table can use none. */
@Entity('one_time_tokens')
@Index('one_time_tokens_user_id_purpose_idx', ['userId', 'purpose'])
// LEAST(expires_at, …): when it ended, for the clean-up. Decorators have no words for an expression.
@Index('one_time_tokens_ended_idx', { synchronize: false })
export class OneTimeTokenEntity {
  /** The part of the token that finds it; no secret. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'one_time_tokens_pkey' })
  id!: string;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'one_time_tokens_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  @Column('text')
  purpose!: TokenPurpose;

  @Column('bytea')
  hash!: Buffer;

  /** An address, say, under the person's data key. */
  @Column('bytea', { nullable: true, transformer: sealedTransformer })
  payload!: Sealed<string> | null;

  /** `users.mail_token_version` when it was made: it is void once that has moved on. */
  @Column('integer', { name: 'mail_token_version' })
  mailTokenVersion!: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;

  @Column('timestamp with time zone', { name: 'used_at', precision: 3, nullable: true })
  usedAt!: Date | null;
}
