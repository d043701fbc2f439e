import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { AuditEventEntity } from './audit-event.entity.ts';

/**
 * The queue of events that no seal covers yet, written in the statement that writes the event; the sealer deletes its rows.
 * A watermark by id or time would do for most events, and for ever pass over one that was committed late.
 */
@Entity('audit_unsealed')
export class AuditUnsealedEntity {
  @PrimaryColumn('uuid', { name: 'event_id', primaryKeyConstraintName: 'audit_unsealed_pkey' })
  @ForeignKey(() => AuditEventEntity, { name: 'audit_unsealed_event_id_fkey' })
  eventId!: string;
}

/** One batch: the Merkle root over its events, chained to the batch before, its head signed. Rows are only ever added. */
@Entity('audit_seals')
@Unique('audit_seals_previous_key', ['previous'])
export class AuditSealEntity {
  /** Dense, from 1. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_seals_pkey' })
  id!: string;

  /** SHA-256 of the head before, 32 zero bytes for the first. Unique, never null: two sealers cannot fork the chain, not even at its root. */
  @Column('bytea')
  previous!: Buffer;

  @Column('bigint', { name: 'first_position' })
  firstPosition!: string;

  @Column('bigint', { name: 'last_position' })
  lastPosition!: string;

  /** RFC 6962 tree hash of the batch, in order of position. */
  @Column('bytea')
  root!: Buffer;

  /** A compact JWS over all of the above. */
  @Column('text')
  head!: string;

  @Column('text', { name: 'audit_key_id' })
  auditKeyId!: string;

  @Column('text')
  node!: string;

  @Column({ type: 'timestamptz', name: 'sealed_at', precision: 3 })
  sealedAt!: Date;
}

/** The order of events, given by the sealer: dense, from 1. A gap here means that something is gone; a gap in ids means nothing. */
@Entity('audit_positions')
@Unique('audit_positions_event_id_key', ['eventId'])
export class AuditPositionEntity {
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_positions_pkey' })
  position!: string;

  @Column('uuid', { name: 'event_id' })
  @ForeignKey(() => AuditEventEntity, { name: 'audit_positions_event_id_fkey' })
  eventId!: string;

  /** RFC 6962 leaf hash of the event: tells which event of a batch is another now, where the root tells only that one is. */
  @Column('bytea')
  leaf!: Buffer;

  @Index('audit_positions_seal_id_idx')
  @Column('bigint', { name: 'seal_id' })
  @ForeignKey(() => AuditSealEntity, { name: 'audit_positions_seal_id_fkey' })
  sealId!: string;
}
