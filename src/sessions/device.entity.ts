import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { DeviceId, UserId } from '../platform/ids.ts';
import { UserEntity } from '../users/user.entity.ts';

/** A browser or app that has logged in before: its own few failures do not count against the account, nor the account's against it. */
@Entity('devices')
@Index('devices_user_id_created_at_idx', ['userId', 'createdAt'])
// LEAST(expires_at, …): when it ended, for the clean-up. Decorators have no words for an expression.
@Index('devices_ended_idx', { synchronize: false })
export class DeviceEntity {
  /** Random, and part of the device token. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'devices_pkey' })
  id!: DeviceId;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'devices_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  /** Attempts since `failuresSince` that did not succeed. */
  @Column('integer', { default: 0 })
  failures!: number;

  @Column('timestamp with time zone', { name: 'failures_since', precision: 3, nullable: true })
  failuresSince!: Date | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;

  /** Spent by its failures, or ended with the sessions. */
  @Column('timestamp with time zone', { name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;
}
