import type { EntityManager } from 'typeorm';
import { Sealed } from '../crypto/sealed.ts';
import type { DayKeyId } from '../platform/ids.ts';
import { AddressJobEntity } from './address-job.entity.ts';
import type { AddressJobPayload } from './address-job.payload.ts';

export interface ClaimedJob {
  readonly id: string;
  readonly payload: Sealed<AddressJobPayload>;
  readonly dayKeyId: DayKeyId;
  /** This try included. */
  readonly attempts: number;
}

export async function insertJob(
  tx: EntityManager,
  job: { id: string; payload: Sealed<AddressJobPayload>; dayKeyId: DayKeyId; now: Date },
): Promise<void> {
  const { now, ...row } = job;
  await tx.insert(AddressJobEntity, { ...row, attempts: 0, nextAttemptAt: now, createdAt: now });
}

/** Takes the next job that is due and puts its next try off, by a second and twice that each time, so that a crash loses nothing. */
export async function claimJob(manager: EntityManager, now: Date): Promise<ClaimedJob | undefined> {
  const [rows] = await manager.query<[(Omit<ClaimedJob, 'payload'> & { payload: Buffer })[], number]>(
    `UPDATE address_jobs SET attempts = attempts + 1,
       next_attempt_at = $1::timestamptz + make_interval(secs => power(2, least(attempts, 10)))
     WHERE id = (SELECT id FROM address_jobs WHERE next_attempt_at <= $1 ORDER BY next_attempt_at, id
       FOR UPDATE SKIP LOCKED LIMIT 1)
     RETURNING id, payload, day_key_id AS "dayKeyId", attempts`,
    [now],
  );
  const row = rows[0];
  return row && { ...row, payload: new Sealed<AddressJobPayload>(row.payload) };
}

/** False when another worker has done it. */
export async function deleteJob(manager: EntityManager, id: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>('DELETE FROM address_jobs WHERE id = $1', [id]);
  return count === 1;
}
