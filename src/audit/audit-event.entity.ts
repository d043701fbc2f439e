import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { CommittedOrigin, CommittedSubject } from './commitment.ts';
import type { KeyKind } from './day-key.entity.ts';
import type { ActorKind, AuditOutcome, StoredDetails } from './event-types.ts';

/**
 * One thing that happened. Written once: the server's database role can only INSERT and SELECT here. Its MAC is made under a key
 * that the database does not hold, over the bytes of `canonical-event.ts`, so that SQL alone can neither add nor change one.
 * No key to `users`: an event outlives whom it tells of.
 */
@Entity('audit_events')
@Index('audit_events_at_id_idx', ['at', 'id'])
@Index('audit_events_type_at_id_idx', ['type', 'at', 'id'])
@Index('audit_events_actor_id_type_at_id_idx', ['actorId', 'type', 'at', 'id'], { where: 'actor_id IS NOT NULL' })
@Index('audit_events_subject_id_type_at_id_idx', ['subjectId', 'type', 'at', 'id'], { where: 'subject_id IS NOT NULL' })
export class AuditEventEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'audit_events_pkey' })
  id!: string;

  /** Of the canonical form that the MAC and the leaf are made over. */
  @Column('smallint')
  format!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column('text')
  type!: string;

  @Column('text')
  outcome!: AuditOutcome;

  @Column('text', { name: 'actor_kind' })
  actorKind!: ActorKind;

  @Column('text', { name: 'actor_id', nullable: true })
  actorId!: string | null;

  /** A user, session, role or key: the type of the event tells which. */
  @Column('text', { name: 'subject_id', nullable: true })
  subjectId!: string | null;

  @Column('text', { name: 'operation_name', nullable: true })
  operationName!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** Which server wrote it. */
  @Column('text')
  node!: string;

  /** Typed by the event's type; ids, enums, whole numbers and booleans alone. */
  @Column('jsonb')
  details!: StoredDetails;

  /** The actor's IP and user agent, with 32 random bytes. */
  @Column('bytea', { nullable: true, transformer: sealedTransformer })
  origin!: Sealed<CommittedOrigin> | null;

  @Column('text', { name: 'origin_key_kind', nullable: true })
  originKeyKind!: KeyKind | null;

  @Column('uuid', { name: 'origin_key_id', nullable: true })
  originKeyId!: string | null;

  /** SHA-256 of those bytes and the value: what of the origin enters MAC and leaf. */
  @Column('bytea', { name: 'origin_commitment', nullable: true })
  originCommitment!: Buffer | null;

  /** What is personal about the subject: a reason, a typed address that nobody has. */
  @Column('bytea', { name: 'subject_data', nullable: true, transformer: sealedTransformer })
  subjectData!: Sealed<CommittedSubject> | null;

  @Column('text', { name: 'subject_key_kind', nullable: true })
  subjectKeyKind!: KeyKind | null;

  @Column('uuid', { name: 'subject_key_id', nullable: true })
  subjectKeyId!: string | null;

  @Column('bytea', { name: 'subject_commitment', nullable: true })
  subjectCommitment!: Buffer | null;

  @Column('text', { name: 'audit_key_id' })
  auditKeyId!: string;

  @Column('bytea')
  mac!: Buffer;
}
