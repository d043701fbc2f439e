import type { EntityManager } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import { AppError } from '../platform/errors.ts';
import { countAdministrators } from './power.repository.ts';

/** Throws FORBIDDEN where something needs permissions that are not held: nobody gives, or overrules, what they do not have. */
export function requireAll(held: ReadonlySet<Permission>, needed: Iterable<Permission>, why: string): void {
  for (const permission of needed) if (!held.has(permission)) throw new AppError('FORBIDDEN', why);
}

export const GIVES_MORE = 'This gives permissions that you do not hold.';
export const HOLDS_MORE = 'This person holds permissions that you do not hold.';
export const HOLDERS_HOLD_MORE = 'Somebody who has this role holds permissions that you do not hold.';

/**
 * Throws CONFLICT, which undoes the caller's transaction, where a change has left no ACTIVE holder of the role admin. The caller
 * holds `lockPower(tx, 'change')` since before it. For everything that could take one away: unassigning, disabling, erasing.
 */
export async function requireAdministrator(tx: EntityManager): Promise<void> {
  if ((await countAdministrators(tx)) > 0) return;
  throw new AppError('CONFLICT', 'This is the last administrator: make another one first.');
}
