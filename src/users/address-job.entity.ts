import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { DayKeyId } from '../platform/ids.ts';
import type { AddressJobPayload } from './address-job.payload.ts';

/**
 * Work on an address that somebody typed who is not logged in. The request writes one row, whoever the address belongs to,
 * and a worker looks the person up afterwards: so neither the answer nor its time tells whether there is an account.
 */
@Entity('address_jobs')
export class AddressJobEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'address_jobs_pkey' })
  id!: string;

  @Column('bytea', { transformer: sealedTransformer })
  payload!: Sealed<AddressJobPayload>;

  @Column('uuid', { name: 'day_key_id' })
  dayKeyId!: DayKeyId;

  @Column('integer', { default: 0 })
  attempts!: number;

  @Index('address_jobs_next_attempt_at_idx')
  @Column('timestamp with time zone', { name: 'next_attempt_at', precision: 3 })
  nextAttemptAt!: Date;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
