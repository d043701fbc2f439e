import type { DataSource, EntityManager } from 'typeorm';
import { PERMISSIONS, type Permission } from '../access/permissions.ts';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { toName } from '../audit/event-details.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { RoleId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { inTransaction, isUniqueViolation } from '../platform/transaction.ts';
import type { Administration, HeldAdministrator } from './administration.port.ts';
import { findPermissionsOfHolders } from './power.repository.ts';
import { GIVES_MORE, HOLDERS_HOLD_MORE, requireAll } from './power.ts';
import type { RoleRecord } from './role.record.ts';
import {
  deleteUnusedRole,
  findRoles,
  findRolesByName,
  insertRole,
  ROLE_NAME_TAKEN,
  updateRoleRow,
} from './roles.repository.ts';

interface RolesParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly administration: Administration;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RoleFacts {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
}

/** A role's name is a word in audit events and on the command line, and never changes. */
const NAME = /^[a-z][a-z0-9-]*$/;

const noSuchRole = () => new AppError('NOT_FOUND', 'There is no role of this name.');

/** The role of this name. Throws NOT_FOUND. */
export async function getRole(manager: EntityManager, name: string): Promise<RoleRecord> {
  const [role] = await findRolesByName(manager, [name]);
  if (!role) throw noSuchRole();
  return role;
}

/** Roles are rows that name some of the closed list of permissions; the built-in ones stay as they are. */
export class RolesService {
  readonly #parts: RolesParts;

  constructor(parts: RolesParts) {
    this.#parts = parts;
  }

  list(): Promise<RoleRecord[]> {
    return findRoles(this.#parts.database.manager);
  }

  /** Adds a role. FORBIDDEN for a permission that the actor lacks, CONFLICT for a name that is taken. */
  async create(context: RequestContext, { name, description, permissions }: RoleFacts): Promise<RoleRecord> {
    const { clock, random, audit } = this.#parts;
    if (!NAME.test(name)) throw badName();
    try {
      return await this.#act(context, 'use', async (tx, { by, permissions: held }) => {
        requireAll(held, permissions, GIVES_MORE);
        const id = uuidv7(clock, random) as RoleId;
        const role = { id, name, description, permissions: inOrder(permissions), builtIn: false };
        await insertRole(tx, { ...role, createdAt: clock.now() });
        await audit.record(tx, {
          type: 'role.created',
          by,
          subjectId: id,
          details: { name: toName(role.name), permissions: role.permissions },
        });
        return role;
      });
    } catch (error) {
      if (isUniqueViolation(error, ROLE_NAME_TAKEN)) throw new AppError('CONFLICT', 'There is a role of this name.');
      throw error;
    }
  }

  /**
   * Changes a role, for all who hold it from their next request on. FORBIDDEN where the actor lacks a permission that is added or
   * taken away, or, with one taken away, a permission of anybody who holds the role; CONFLICT for a built-in role.
   */
  update(
    context: RequestContext,
    { name, ...change }: Pick<RoleFacts, 'name'> & Partial<RoleFacts>,
  ): Promise<RoleRecord> {
    const { audit } = this.#parts;
    return this.#act(context, 'change', async (tx, { by, permissions: held }) => {
      const role = await getOwnRole(tx, name);
      const description = change.description ?? role.description;
      const permissions = inOrder(change.permissions ?? role.permissions);
      const changed = differing(role.permissions, permissions);
      requireAll(held, changed, GIVES_MORE);
      // To take a permission away from a role is to take it away from everybody who holds the role.
      if (role.permissions.some((each) => !permissions.includes(each))) {
        requireAll(held, await findPermissionsOfHolders(tx, role.id), HOLDERS_HOLD_MORE);
      }
      if (description === role.description && changed.length === 0) return role;
      await updateRoleRow(tx, role.id, { description, permissions });
      await audit.record(tx, {
        type: 'role.updated',
        by,
        subjectId: role.id,
        details: { name: toName(role.name), before: role.permissions, after: permissions },
      });
      return { ...role, description, permissions };
    });
  }

  /** Deletes a role that nobody holds. FORBIDDEN where the actor lacks one of its permissions, CONFLICT for a built-in or held one. */
  delete(context: RequestContext, name: string): Promise<RoleId> {
    const { audit } = this.#parts;
    return this.#act(context, 'change', async (tx, { by, permissions: held }) => {
      const role = await getOwnRole(tx, name);
      requireAll(held, role.permissions, GIVES_MORE);
      if (!(await deleteUnusedRole(tx, role.id))) {
        throw new AppError('CONFLICT', 'Somebody holds this role: unassign it first.');
      }
      await audit.record(tx, {
        type: 'role.deleted',
        by,
        subjectId: role.id,
        details: { name: toName(role.name), permissions: role.permissions },
      });
      return role.id;
    });
  }

  #act<T>(
    context: RequestContext,
    power: 'use' | 'change',
    work: (tx: EntityManager, actor: HeldAdministrator) => Promise<T>,
  ): Promise<T> {
    const { database, administration } = this.#parts;
    return inTransaction(database, async (tx) =>
      work(tx, await administration.hold(tx, context, { permission: 'ROLES_WRITE', power })),
    );
  }
}

const badName = () =>
  badInput([
    {
      path: ['input', 'name'],
      code: 'INVALID_FORMAT',
      message: 'Must begin with a small letter, and have small letters, digits and hyphens alone.',
    },
  ]);

/** A role that is not built in. */
async function getOwnRole(tx: EntityManager, name: string): Promise<RoleRecord> {
  const role = await getRole(tx, name);
  if (role.builtIn) throw new AppError('CONFLICT', 'A built-in role cannot be changed or deleted.');
  return role;
}

/** Each permission once, as the closed list orders them. */
const inOrder = (permissions: readonly Permission[]) => PERMISSIONS.filter((each) => permissions.includes(each));

const differing = (before: readonly Permission[], after: readonly Permission[]) =>
  PERMISSIONS.filter((each) => before.includes(each) !== after.includes(each));
