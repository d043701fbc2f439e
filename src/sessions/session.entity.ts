import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { SessionId, UserId } from '../platform/ids.ts';
import { UserEntity } from '../users/user.entity.ts';

/** Where the refresh token goes: fixed at login. */
export const TOKEN_DELIVERIES = ['BODY', 'COOKIE'] as const;
export type TokenDelivery = (typeof TOKEN_DELIVERIES)[number];

/** Authentication methods, by their names in RFC 8176 (`amr`). */
export type AuthenticationMethod = 'pwd' | 'otp' | 'hwk' | 'mfa';

/** One login and what has come of it. Its refresh tokens are derived from `refreshKey`, so a refresh writes no row. */
@Entity('sessions')
@Check('sessions_delivery_check', `"delivery" IN ('BODY', 'COOKIE')`)
@Index('sessions_user_id_created_at_idx', ['userId', 'createdAt'])
// LEAST(expires_at, …): when it ended, for the clean-up. Decorators have no words for an expression.
@Index('sessions_ended_idx', { synchronize: false })
export class SessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pkey' })
  id!: SessionId;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'sessions_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  /** 32 random bytes, base64url. A step-up replaces it, and with it every older refresh token. */
  @Column('bytea', { name: 'refresh_key', transformer: sealedTransformer })
  refreshKey!: Sealed<string>;

  /** Of the refresh token given out last. */
  @Column('integer', { name: 'refresh_generation', default: 0 })
  refreshGeneration!: number;

  /** Access tokens of a lower generation are past their time: none reaches across a step-up. */
  @Column('integer', { name: 'auth_generation', default: 0 })
  authGeneration!: number;

  /** The highest generation of which a token came back: below `refreshGeneration`, the last answer may have been lost. */
  @Column('integer', { name: 'seen_generation', default: -1 })
  seenGeneration!: number;

  @Column('timestamp with time zone', { name: 'rotated_at', precision: 3 })
  rotatedAt!: Date;

  @Column('text')
  delivery!: TokenDelivery;

  @Column('text', { array: true })
  factors!: AuthenticationMethod[];

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'last_seen_at', precision: 3 })
  lastSeenAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;

  /** When the person last proved who they are. */
  @Column('timestamp with time zone', { name: 'authenticated_at', precision: 3 })
  authenticatedAt!: Date;

  @Column('timestamp with time zone', { name: 'revoked_at', precision: 3, nullable: true })
  revokedAt!: Date | null;

  @Column('bytea', { nullable: true, transformer: sealedTransformer })
  ip!: Sealed<string> | null;

  @Column('bytea', { name: 'user_agent', nullable: true, transformer: sealedTransformer })
  userAgent!: Sealed<string> | null;
}
