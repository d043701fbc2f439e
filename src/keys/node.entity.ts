import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { HeldKeys } from '../crypto/keyring.ts';
import type { NodeId } from '../platform/ids.ts';

/** A running server. It renews its row every few seconds; one that does not is dead, and its row goes. */
@Entity('nodes')
export class NodeEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'nodes_pkey' })
  id!: NodeId;

  /** The host's name, for people. */
  @Column('text')
  name!: string;

  /** The root keys in its memory. */
  @Column('jsonb')
  keys!: HeldKeys;

  @Column('timestamp with time zone', { name: 'started_at', precision: 3 })
  startedAt!: Date;

  /** By the database's clock. */
  @Column('timestamp with time zone', { name: 'seen_at', precision: 3 })
  seenAt!: Date;
}
