import type { EntityManager } from 'typeorm';
import type { DeviceId, UserId } from '../platform/ids.ts';
import { DeviceEntity } from './device.entity.ts';

export interface DeviceAllowance {
  readonly failures: number;
  readonly windowSeconds: number;
}

/**
 * Counts one attempt of a live device, before its verdict is known: of parallel ones exactly as many pass as it has failures
 * left. False when it has none, or is not live.
 */
export async function takeAttempt(
  manager: EntityManager,
  device: { readonly deviceId: DeviceId; readonly userId: UserId },
  allowance: DeviceAllowance,
  now: Date,
): Promise<boolean> {
  const since = new Date(now.getTime() - allowance.windowSeconds * 1000);
  const [rows] = await manager.query<[unknown[], number]>(
    `UPDATE devices SET
       failures = CASE WHEN failures_since > $4 THEN failures + 1 ELSE 1 END,
       failures_since = CASE WHEN failures_since > $4 THEN failures_since ELSE $5 END
     WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $5
       AND (failures_since IS NULL OR failures_since <= $4 OR failures < $3) RETURNING id`,
    [device.deviceId, device.userId, allowance.failures, since, now],
  );
  return rows.length === 1;
}

/** Gives one attempt back: it succeeded, or nothing was tried. */
export async function giveAttemptBack(manager: EntityManager, id: DeviceId): Promise<void> {
  await manager.query('UPDATE devices SET failures = failures - 1 WHERE id = $1 AND failures > 0', [id]);
}

/** Ends a device that has used up its failures. */
export async function endIfSpent(
  manager: EntityManager,
  id: DeviceId,
  allowance: DeviceAllowance,
  now: Date,
): Promise<void> {
  await manager.query('UPDATE devices SET ended_at = $3 WHERE id = $1 AND failures >= $2 AND ended_at IS NULL', [
    id,
    allowance.failures,
    now,
  ]);
}

/** Adds a device, and ends the user's oldest until at most `keep` are live. The caller holds the user's row. */
export async function insertDevice(tx: EntityManager, device: DeviceEntity, keep: number): Promise<void> {
  await tx.insert(DeviceEntity, device);
  await tx.query(
    `UPDATE devices SET ended_at = $3 WHERE id IN (
       SELECT id FROM devices WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $3
       ORDER BY created_at DESC, id DESC OFFSET $2)`,
    [device.userId, keep, device.createdAt],
  );
}

/** Keeps a known device for longer. False when it has ended meanwhile. */
export async function extendDevice(tx: EntityManager, id: DeviceId, expiresAt: Date): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    'UPDATE devices SET expires_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id',
    [id, expiresAt],
  );
  return rows.length === 1;
}

/** Ends all devices of a user. */
export async function endDevices(tx: EntityManager, userId: UserId, now: Date): Promise<void> {
  await tx.query('UPDATE devices SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL', [userId, now]);
}

/** Deletes devices that ended by `endedBy`, spent, ended or past their time, the longest ended first. Answers how many. */
export async function deleteEndedDevices(tx: EntityManager, endedBy: Date, limit: number): Promise<number> {
  const [, count] = await tx.query<[unknown[], number]>(
    `DELETE FROM devices WHERE id IN (
       SELECT id FROM devices WHERE LEAST(expires_at, ended_at) <= $1
       ORDER BY LEAST(expires_at, ended_at) LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [endedBy, limit],
  );
  return count;
}
