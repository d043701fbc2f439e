import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { DayKeyId } from '../platform/ids.ts';

/**
 * DAYS_30: for what was typed by somebody who is nobody's account; goes after 30 days, and what it sealed with it.
 * AUDIT_TRAIL: for the origin of a use of power over others; lives as long as the audit trail.
 */
export const DAY_KEY_LIVES = ['DAYS_30', 'AUDIT_TRAIL'] as const;
export type DayKeyLife = (typeof DAY_KEY_LIVES)[number];

/** Which table holds the key that sealed a value: `data_keys` or `day_keys`. */
export const KEY_KINDS = ['DATA', 'DAY'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** A random key of one UTC day, wrapped. Deleting the row makes unreadable whatever it sealed. */
@Entity('day_keys')
@Unique('day_keys_day_life_key', ['day', 'life'])
export class DayKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'day_keys_pkey' })
  id!: DayKeyId;

  /** `YYYY-MM-DD`, in UTC. */
  @Column('date')
  day!: string;

  @Column('text')
  life!: DayKeyLife;

  @Column('bytea')
  wrapped!: Buffer;

  @Index('day_keys_wrapping_key_id_idx')
  @Column('text', { name: 'wrapping_key_id' })
  wrappingKeyId!: string;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt!: Date;
}
