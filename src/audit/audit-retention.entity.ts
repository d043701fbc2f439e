import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is left of a dropped batch: enough to show that the rest of the chain follows on it. */
@Entity('audit_tombstones')
export class AuditTombstoneEntity {
  @PrimaryColumn('bigint', { name: 'seal_id', primaryKeyConstraintName: 'audit_tombstones_pkey' })
  sealId!: string;

  /** A compact JWS: the batch's number, its last position, and the hash of its head. */
  @Column('text')
  tombstone!: string;

  @Column({ type: 'timestamptz', name: 'dropped_at', precision: 3 })
  droppedAt!: Date;
}

/** One row, the owner's alone: for how many days the trail is kept at least. No row: for ever. */
@Entity('audit_retention')
export class AuditRetentionEntity {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'audit_retention_pkey' })
  id!: number;

  @Column('integer', { name: 'keep_days' })
  keepDays!: number;
}
