import type { EntityManager } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import type { RequestContext } from '../access/request-context.ts';
import type { Actor } from '../audit/audit-event.ts';

/** An administrator as they stand at this moment, held until the transaction ends. */
export interface HeldAdministrator {
  readonly by: Actor;
  readonly permissions: ReadonlySet<Permission>;
}

/**
 * How acts of administration begin. Users stand uphill of roles, so this is handed in. `Asker`: what tells who acts, which is the
 * request, or on the command line the operator.
 */
export interface Administration<Asker = RequestContext> {
  /**
   * Takes the lock of `lockPower`, then holds the actor, and reads their session, status, permissions and freshness anew: what was
   * true when the request was let in may have ended since. Throws UNAUTHENTICATED, TOKEN_EXPIRED, FORBIDDEN or REAUTHENTICATION_REQUIRED.
   */
  hold(
    tx: EntityManager,
    asker: Asker,
    wanted: { readonly permission: Permission; readonly power: 'use' | 'change' },
  ): Promise<HeldAdministrator>;
}
