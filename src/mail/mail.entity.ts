import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { KeyKind } from '../audit/day-key.entity.ts';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { MailContent } from './mail-content.ts';

/**
 * A mail on its way out. Written in the transaction of the change that it tells of, deleted by the statement that records the mail
 * server's acceptance: what stands here was not sent yet.
 */
@Entity('mails')
export class MailEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'mails_pkey' })
  id!: string;

  /** Null where the mail outlives the account. Users stand uphill of mails, so the table is named, not imported. */
  @Index('mails_user_id_idx')
  @Column('uuid', { name: 'user_id', nullable: true })
  @ForeignKey('users', { name: 'mails_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId | null;

  @Column('text', { name: 'key_kind' })
  keyKind!: KeyKind;

  @Column('uuid', { name: 'key_id' })
  keyId!: string;

  @Column('bytea', { transformer: sealedTransformer })
  content!: Sealed<MailContent>;

  @Column('integer', { default: 0 })
  attempts!: number;

  @Index('mails_next_attempt_at_idx')
  @Column({ type: 'timestamptz', name: 'next_attempt_at', precision: 3 })
  nextAttemptAt!: Date;

  /** Until then one sender has it. Past, that sender has died. */
  @Column({ type: 'timestamptz', name: 'claimed_until', precision: 3, nullable: true })
  claimedUntil!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt!: Date;
}
