import type { DataSource, EntityManager } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import type { RequestContext } from '../access/request-context.ts';
import { ownKey } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { parseId, type UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { GIVES_MORE, HOLDS_MORE, requireAll } from '../roles/power.ts';
import { deleteUserRole, insertUserRole } from '../roles/roles.repository.ts';
import { getRole } from '../roles/roles.service.ts';
import { bumpHeldVersion, setStatus } from './administration.repository.ts';
import { type AdministrationOfPeople, type HeldAct, keepAdministrator, noSuchUser } from './administration.ts';
import type { SessionEnding } from './session-ending.port.ts';
import type { UserRecord } from './user.record.ts';
import type { UserMails } from './user-mails.ts';
import { findUser } from './users.repository.ts';

interface UserAdministrationParts<Asker> {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly administration: AdministrationOfPeople<Asker>;
  readonly dataKeys: DataKeys;
  readonly endings: SessionEnding;
  readonly mails: Pick<UserMails, 'send' | 'canReach' | 'wake'>;
  readonly clock: Clock;
}

interface Act {
  readonly permission: Permission;
  /** `change` where it could take a permission away from somebody. */
  readonly power: 'use' | 'change';
}

/** What administrators do with the users there are. Each act: NOT_FOUND for an unknown id, FORBIDDEN over who holds more. */
export class UserAdministrationService<Asker = RequestContext> {
  readonly #parts: UserAdministrationParts<Asker>;

  constructor(parts: UserAdministrationParts<Asker>) {
    this.#parts = parts;
  }

  /**
   * Ends every session of the user, voids the device tokens and mailed tokens, and lets nobody in; a notice goes to the address, if
   * it was ever verified and opens. The reason stands under the user's key; where that one does not open, under
   * the administrator's, and an operator's is left out. CONFLICT for the last administrator.
   */
  async disable(asker: Asker, idText: string, reason: string): Promise<UserRecord> {
    const { audit, dataKeys, endings, mails } = this.#parts;
    const disabled = await this.#act(asker, idText, { permission: 'USERS_WRITE', power: 'change' }, async (tx, act) => {
      const { subject } = act;
      requireAll(act.permissions, act.subjectPermissions, HOLDS_MORE);
      if (subject.status === 'DISABLED') return false;
      await setStatus(tx, subject.id, 'DISABLED');
      await keepAdministrator(tx, act);
      const ended = await endings.endAll(tx, subject.id);
      const subjectKey = (subject.dataKey && dataKeys.find(subject.dataKey)) ?? ownKey(act.by);
      await audit.record(tx, {
        type: 'user.disabled',
        by: act.by,
        subjectId: subject.id,
        subjectKey,
        details: { endedSessions: ended.length },
        personal: subjectKey && { reason },
      });
      if (subject.emailVerifiedAt !== null && mails.canReach(subject))
        await mails.send(tx, subject, 'account-disabled');
      return true;
    });
    mails.wake();
    return disabled;
  }

  /** Lets the user in again, or, whose address was never verified, verify it. Sessions do not come back. */
  enable(asker: Asker, idText: string): Promise<UserRecord> {
    const { audit } = this.#parts;
    return this.#act(asker, idText, { permission: 'USERS_WRITE', power: 'use' }, async (tx, act) => {
      const { subject } = act;
      requireAll(act.permissions, act.subjectPermissions, HOLDS_MORE);
      if (subject.status !== 'DISABLED') return false;
      await setStatus(tx, subject.id, subject.emailVerifiedAt === null ? 'PENDING' : 'ACTIVE');
      await audit.record(tx, { type: 'user.enabled', by: act.by, subjectId: subject.id, details: {} });
      return true;
    });
  }

  /** Ends every session of the user; how many there were. */
  async revokeSessions(asker: Asker, idText: string): Promise<{ user: UserRecord; revokedCount: number }> {
    const { audit, endings } = this.#parts;
    let revokedCount = 0;
    const user = await this.#act(asker, idText, { permission: 'SESSIONS_REVOKE', power: 'use' }, async (tx, act) => {
      const { subject } = act;
      requireAll(act.permissions, act.subjectPermissions, HOLDS_MORE);
      await bumpHeldVersion(tx, subject.id);
      revokedCount = (await endings.endAll(tx, subject.id)).length;
      const details = { endedSessions: revokedCount };
      await audit.record(tx, { type: 'user.sessions_revoked', by: act.by, subjectId: subject.id, details });
      return true;
    });
    return { user, revokedCount };
  }

  /** Gives a role. FORBIDDEN where it allows what the actor may not. One that is held already changes nothing. */
  assign(asker: Asker, idText: string, roleName: string): Promise<UserRecord> {
    const { audit, clock } = this.#parts;
    return this.#act(asker, idText, { permission: 'ROLES_WRITE', power: 'use' }, async (tx, act) => {
      const { subject } = act;
      const role = await getRole(tx, roleName);
      requireAll(act.permissions, role.permissions, GIVES_MORE);
      const row = { userId: subject.id, roleId: role.id, assignedAt: clock.now() };
      if (!(await insertUserRole(tx, row))) return false;
      await bumpHeldVersion(tx, subject.id);
      await audit.record(tx, { type: 'role.assigned', by: act.by, subjectId: subject.id, details: { role: role.id } });
      return true;
    });
  }

  /** Takes a role away. CONFLICT for that of the last administrator. One that is not held changes nothing. */
  unassign(asker: Asker, idText: string, roleName: string): Promise<UserRecord> {
    const { audit } = this.#parts;
    return this.#act(asker, idText, { permission: 'ROLES_WRITE', power: 'change' }, async (tx, act) => {
      const { subject } = act;
      const role = await getRole(tx, roleName);
      requireAll(act.permissions, act.subjectPermissions, HOLDS_MORE);
      if (!(await deleteUserRole(tx, subject.id, role.id))) return false;
      await keepAdministrator(tx, act);
      await bumpHeldVersion(tx, subject.id);
      await audit.record(tx, {
        type: 'role.unassigned',
        by: act.by,
        subjectId: subject.id,
        details: { role: role.id },
      });
      return true;
    });
  }

  /** The user after the act; the act and its event commit together. One that changed nothing has read the user, and is told as that. */
  async #act(
    asker: Asker,
    idText: string,
    wanted: Act,
    work: (tx: EntityManager, act: HeldAct) => Promise<boolean>,
  ): Promise<UserRecord> {
    const { database, audit, administration } = this.#parts;
    const subjectId = parseId<UserId>(idText);
    return inTransaction(database, async (tx) => {
      if (!subjectId) {
        await administration.hold(tx, asker, wanted);
        throw noSuchUser();
      }
      const act = await administration.holdOver(tx, asker, { ...wanted, subjectId });
      if (!(await work(tx, act))) {
        await audit.record(tx, { type: 'user.read', by: act.by, subjectId, details: {} });
      }
      return (await findUser(tx, subjectId)) ?? Promise.reject(noSuchUser());
    });
  }
}
