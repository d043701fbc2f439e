import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { DataKeyId, UserId } from '../platform/ids.ts';
import { UserEntity } from './user.entity.ts';

/**
 * One random key per person in use, wrapped; the first is made with the user, never later. A reseal puts another in its place and
 * keeps the one before, which opens what stands in the audit trail. Deleting all rows erases the person.
 */
@Entity('data_keys')
@Index('data_keys_user_id_idx', ['userId'])
@Index('data_keys_user_id_current_key', ['userId'], { unique: true, where: '"retired_at" IS NULL' })
export class DataKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'data_keys_pkey' })
  id!: DataKeyId;

  @Column('uuid', { name: 'user_id' })
  @ForeignKey(() => UserEntity, { name: 'data_keys_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  @Column('bytea')
  wrapped!: Buffer;

  @Index('data_keys_wrapping_key_id_idx')
  @Column('text', { name: 'wrapping_key_id' })
  wrappingKeyId!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** When another took its place: it seals nothing more. */
  @Column('timestamp with time zone', { name: 'retired_at', precision: 3, nullable: true })
  retiredAt!: Date | null;
}
