import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { DataKeyId, UserId } from '../platform/ids.ts';
import { UserEntity } from './user.entity.ts';

/** One random key per person, wrapped, made with the user and never later. Deleting the row erases the person. */
@Entity('data_keys')
@Index('data_keys_user_id_key', ['userId'], { unique: true })
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
}
