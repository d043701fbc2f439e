import type { DataSource } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import { ownKey } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { type DataKeys, ifItOpens } from '../crypto/data-keys.ts';
import { open } from '../crypto/sealed.ts';
import type { MailOutbox } from '../mail/mail-outbox.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { canonicalAddress, parseEmailAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import { parseId, type UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { HOLDS_MORE, requireAll } from '../roles/power.ts';
import { permissionsOf } from '../roles/role.record.ts';
import { lockUsers } from '../users/administration.repository.ts';
import { type HeldAdministration, keepAdministrator, noSuchUser } from '../users/administration.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import { profilePlace } from '../users/profile.sealing.ts';
import type { ViewerWithUser } from '../users/profile.service.ts';
import type { UserRecord } from '../users/user.record.ts';
import { findUser } from '../users/users.repository.ts';
import { erasePerson } from './erase-person.ts';

interface ErasureParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly outbox: MailOutbox;
  readonly administration: HeldAdministration;
  readonly clock: Clock;
  /** Told once somebody's erasure has committed: what is left of them in files and dead rows can go. */
  readonly erased: () => void;
}

/** Erases people for good (GDPR, article 17): what was sealed under their data key opens no more, in the audit trail too. */
export class ErasureService {
  readonly #parts: ErasureParts;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /**
   * Erases the viewer. BAD_USER_INPUT where `confirmEmail` is not their address. CONFLICT for a holder of any permission: another
   * administrator takes it away first, so that nobody removes themselves from what they have just done, or the last administrator.
   */
  async eraseOwn(context: RequestContext<ViewerWithUser>, confirmEmail: string): Promise<void> {
    const { database, dataKeys, outbox, clock } = this.#parts;
    const viewer = await context.getViewer();
    await inTransaction(database, async (tx) => {
      await lockUsers(tx, [viewer.userId]);
      await holdActor(tx, viewer, clock.now());
      const user = await findUser(tx, viewer.userId);
      if (!user) throw new TypeError('A user whose row is locked is there');
      if (!isAddressOf(user, confirmEmail, dataKeys)) throw wrongAddress();
      if (permissionsOf(user.roles).size > 0) throw holdsPermissions();
      const farewell = farewellTo(user, dataKeys);
      const details = { by: 'OWNER' } as const;
      await erasePerson(tx, this.#parts, user, { type: 'user.erased', ...ownAct(context, user, dataKeys), details });
      // Without an owner it waits under the key of the day: the person's own is gone.
      if (farewell) await outbox.enqueue(tx, { kind: 'account-erased', ...farewell });
    });
    outbox.wake();
    this.#parts.erased();
  }

  /**
   * Erases somebody else; the user as they are left. The reason is the administrator's own words, and so stands under their key: under
   * the person's it would be gone with them. NOT_FOUND, FORBIDDEN over who holds more, CONFLICT for oneself, the last administrator,
   * and who was erased before.
   */
  async eraseOther(context: RequestContext<ViewerWithUser>, idText: string, reason: string): Promise<UserRecord> {
    const { database, administration, dataKeys, outbox } = this.#parts;
    const viewer = await context.getViewer();
    const subjectId = parseId<UserId>(idText);
    const wanted = { permission: 'USERS_ERASE', power: 'change' } as const;
    const left = await inTransaction(database, async (tx) => {
      if (!subjectId) {
        await administration.hold(tx, context, wanted);
        throw noSuchUser();
      }
      const { by, permissions, subject, subjectPermissions } = await administration.holdOver(tx, context, {
        ...wanted,
        subjectId,
      });
      if (subjectId === viewer.userId) throw holdsPermissions();
      requireAll(permissions, subjectPermissions, HOLDS_MORE);
      const farewell = ifItOpens(() => farewellTo(subject, dataKeys));
      await erasePerson(tx, this.#parts, subject, {
        type: 'user.erased_by_administrator',
        by,
        subjectId,
        subjectKey: ownKey(by),
        details: {},
        personal: { reason },
      });
      await keepAdministrator(tx, { subject });
      if (farewell) await outbox.enqueue(tx, { kind: 'account-erased', ...farewell });
      return findUser(tx, subjectId);
    });
    if (!left) throw new TypeError('The row of an erased user stays');
    outbox.wake();
    this.#parts.erased();
    return left;
  }
}

const holdsPermissions = () =>
  new AppError('CONFLICT', 'You hold permissions. Another administrator has to take your roles away first.');

const wrongAddress = () =>
  badInput([{ path: ['input', 'confirmEmail'], code: 'NOT_ALLOWED', message: 'Must be your own address.' }]);

function addressOf({ id, email, dataKey }: UserRecord, dataKeys: DataKeys): string | undefined {
  if (email === null || dataKey === null) return undefined;
  return open(dataKeys.unwrap(dataKey), { table: 'users', column: 'email', rowId: id }, email);
}

function isAddressOf(user: UserRecord, typed: string, dataKeys: DataKeys): boolean {
  const address = addressOf(user, dataKeys);
  return address !== undefined && canonicalAddress(address) === canonicalAddress(typed);
}

function farewellTo(user: UserRecord, dataKeys: DataKeys) {
  const address = addressOf(user, dataKeys);
  if (address === undefined || user.dataKey === null || user.status === 'PENDING') return undefined;
  const { locale } = user.profile;
  const language = locale && open(dataKeys.unwrap(user.dataKey), profilePlace(user.id, 'locale'), locale);
  return { to: parseEmailAddress(address)?.delivery ?? address, locale: language };
}
