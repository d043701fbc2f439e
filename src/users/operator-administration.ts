import type { EntityManager } from 'typeorm';
import { PERMISSIONS } from '../access/permissions.ts';
import type { Actor } from '../audit/audit-event.ts';
import type { UserId } from '../platform/ids.ts';
import type { HeldAdministrator } from '../roles/administration.port.ts';
import { lockPower } from '../roles/power.repository.ts';
import { lockUsers } from './administration.repository.ts';
import { type AdministrationOfPeople, type HeldAct, type Wanted, withSubject } from './administration.ts';

/**
 * Acts of administration from the command line. Whoever has the keyring and the database holds every permission; the last
 * administrator is kept all the same, by the same lock, beside running servers.
 */
export class OperatorAdministration implements AdministrationOfPeople<Actor> {
  async hold(tx: EntityManager, operator: Actor, { power, subjectId }: Wanted): Promise<HeldAdministrator> {
    await lockPower(tx, power);
    if (subjectId) await lockUsers(tx, [subjectId]);
    return { by: operator, permissions: new Set(PERMISSIONS) };
  }

  async holdOver(tx: EntityManager, operator: Actor, wanted: Wanted & { subjectId: UserId }): Promise<HeldAct> {
    return withSubject(tx, await this.hold(tx, operator, wanted), wanted.subjectId);
  }
}
