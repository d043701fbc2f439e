import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { UserId } from '../platform/ids.ts';

/**
 * Who was erased, and when: an id that stands for nobody any more. Only ever added to, and copied to each node's data directory, so
 * that a database restored from a backup can be told whom to erase again.
 */
@Entity('erasures')
export class ErasureEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'erasures_pkey' })
  userId!: UserId;

  @Column('timestamp with time zone', { name: 'erased_at', precision: 3 })
  erasedAt!: Date;
}
