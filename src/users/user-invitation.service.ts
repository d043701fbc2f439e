import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import { inTransaction, isUniqueViolation } from '../platform/transaction.ts';
import type { HeldAdministrator } from '../roles/administration.port.ts';
import { findPermissions } from '../roles/power.repository.ts';
import { GIVES_MORE, HOLDS_MORE, requireAll } from '../roles/power.ts';
import { permissionsOf } from '../roles/role.record.ts';
import { findRolesByName } from '../roles/roles.repository.ts';
import { deleteRegistration, lockUsers } from './administration.repository.ts';
import type { HeldAdministration } from './administration.ts';
import type { ProfileChange } from './profile.fields.ts';
import type { UserRecord } from './user.record.ts';
import { ADDRESS_TAKEN } from './user-creation.repository.ts';
import type { UserCreation } from './user-creation.ts';
import type { UserMails } from './user-mails.ts';
import { findUser, findUserIdByAddress } from './users.repository.ts';

interface UserInvitationParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly administration: HeldAdministration;
  readonly keyring: Keyring;
  readonly creation: UserCreation;
  readonly mails: UserMails;
}

export interface Invitation {
  readonly address: string;
  /** Names, besides `user`. */
  readonly roles: readonly string[];
  readonly profile: ProfileChange;
}

const taken = () => new AppError('CONFLICT', 'This address has an account.');

/** Accounts that administrators make for others: nobody but the owner of the address can open them. */
export class UserInvitationService {
  readonly #parts: UserInvitationParts;

  constructor(parts: UserInvitationParts) {
    this.#parts = parts;
  }

  /**
   * Makes a PENDING user and mails a token to set a password with. Takes the place of a registration that nobody has verified: else
   * a stranger who registers first would keep the owner out. CONFLICT for any other account, NOT_FOUND for an unknown role, FORBIDDEN
   * for a role that allows more than the actor may, and where the registration was given a role that does.
   */
  async invite(context: RequestContext, { address, roles, profile }: Invitation): Promise<UserRecord> {
    const { database, audit, administration, creation, mails } = this.#parts;
    const names = [...new Set(['user', ...roles])];
    try {
      const user = await inTransaction(database, async (tx) => {
        const actor = await administration.hold(tx, context, { permission: 'USERS_WRITE', power: 'use' });
        const found = await findRolesByName(tx, names);
        if (found.length < names.length) throw new AppError('NOT_FOUND', 'There is no role of this name.');
        requireAll(actor.permissions, permissionsOf(found), GIVES_MORE);
        await this.#replaceRegistration(tx, actor, address);
        const { id } = await creation.create(tx, {
          address,
          passwordHash: null,
          profile,
          origin: 'ADMINISTRATOR',
          status: 'PENDING',
          roles: names,
        });
        const details = { roles: found.map((role) => role.id), verified: false };
        await audit.record(tx, { type: 'user.created', by: actor.by, subjectId: id, details });
        const created = await findUser(tx, id);
        if (!created) throw new TypeError('A user who was just made is there');
        await mails.sendToken(tx, created, 'SET_PASSWORD', 'account-created');
        return created;
      });
      mails.wake();
      return user;
    } catch (error) {
      if (isUniqueViolation(error, ADDRESS_TAKEN)) throw taken();
      throw error;
    }
  }

  async #replaceRegistration(
    tx: EntityManager,
    { by, permissions }: HeldAdministrator,
    address: string,
  ): Promise<void> {
    const { keyring, audit } = this.#parts;
    const index = lookupIndex(keyring, canonicalAddress(address));
    const id = await findUserIdByAddress(tx, index);
    if (id === undefined) return;
    await lockUsers(tx, [id]);
    // Clean-up has just deleted the registration: nobody has the address.
    if ((await findUserIdByAddress(tx, index)) === undefined) return;
    const held = await findPermissions(tx, id);
    if (!(await deleteRegistration(tx, id))) throw taken();
    // Else whoever may not disable a person could do away with them.
    requireAll(permissions, held, HOLDS_MORE);
    await audit.record(tx, { type: 'registration.replaced', by, subjectId: id, details: {} });
  }
}
