import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import type { UserId } from '../platform/ids.ts';
import { UserEntity } from './user.entity.ts';

/**
 * The blind index by which an address is found: one row per index key in use, so that one address is one account also while
 * that key rotates. Erasure deletes the rows.
 */
@Entity('email_indexes')
@Unique('email_indexes_key_version_index_key', ['keyVersion', 'index'])
export class EmailIndexEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'email_indexes_pkey' })
  @ForeignKey(() => UserEntity, { name: 'email_indexes_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  @PrimaryColumn('text', { name: 'key_version', primaryKeyConstraintName: 'email_indexes_pkey' })
  keyVersion!: string;

  @Column('bytea')
  index!: Buffer;
}
