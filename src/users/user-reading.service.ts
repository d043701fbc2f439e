import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { indexesOf } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { PageCursors } from '../crypto/page-cursors.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { type CanonicalAddress, canonicalAddress } from '../platform/email-address.ts';
import { AppError } from '../platform/errors.ts';
import { parseId, type RoleId, type UserId } from '../platform/ids.ts';
import {
  DEFAULT_PAGE_ROWS,
  type FoundRows,
  type Page,
  type PageWindow,
  rowsOfPage,
  toPage,
  type WantedPage,
} from '../platform/pages.ts';
import { untied } from '../platform/transaction.ts';
import { findRolesByName } from '../roles/roles.repository.ts';
import { actorStillHolds, holdActor } from './held-actor.repository.ts';
import { ownAct } from './own-act.ts';
import type { ViewerWithUser } from './profile.service.ts';
import type { UserStatus } from './user.entity.ts';
import type { UserRecord } from './user.record.ts';
import { findUserIdByIndexes, findUserPage, type UserChoice } from './user-pages.repository.ts';
import { findUser } from './users.repository.ts';

interface UserReadingParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly cursors: PageCursors;
  readonly clock: Clock;
}

/** Which users, as a client asks for them; null is the same as left out. */
interface UserFilters {
  /** As typed. */
  readonly email?: string | null | undefined;
  readonly status?: UserStatus | null | undefined;
  /** The name of a role. */
  readonly role?: string | null | undefined;
  readonly createdAfter?: Date | null | undefined;
  readonly createdBefore?: Date | null | undefined;
}

type Context = RequestContext<ViewerWithUser>;
type WithoutActor<Event> = Event extends unknown ? Omit<Event, 'by'> : never;
type ReadEvent = WithoutActor<AuditEvent<'users.read' | 'user.read'>>;

const ORDER = 'created_at id desc';
const FILTERS = ['email', 'status', 'role', 'createdAfter', 'createdBefore'] as const;
const NOBODY: FoundRows<UserRecord> = { rows: [], hasPrevious: false };

/**
 * Other people's data for whoever holds USERS_READ. What was read is answered once its audit event is written, by a statement that
 * asks whether the reader is still logged in: without the event nobody gets an answer.
 */
export class UserReadingService {
  readonly #parts: UserReadingParts;

  constructor(parts: UserReadingParts) {
    this.#parts = parts;
  }

  /**
   * A page of users, newest first. The caller's rule has asked for USERS_READ. BAD_USER_INPUT for a role that there is not, and for
   * a cursor of another list.
   */
  async list(context: Context, { first, after, filter }: WantedPage<UserFilters>): Promise<Page<UserRecord>> {
    const { cursors } = this.#parts;
    const { role, email, ...rest } = given(filter ?? {});
    const address = email === undefined ? undefined : canonicalAddress(email);
    const roleId = await this.#findRoleId(role);
    const query = { name: 'users', order: ORDER, filter: { ...rest, role, email: address } };
    const window = { first: first ?? DEFAULT_PAGE_ROWS, after: cursors.parse(query, after) };
    const found = await this.#read(context, {
      find: (manager) => this.#findPage(manager, { ...rest, roleId }, address, window),
      toEvent: (page) => ({
        type: 'users.read',
        details: {
          users: rowsOfPage(page, window).map(({ id }) => id),
          filters: FILTERS.filter((name) => query.filter[name] !== undefined),
        },
      }),
    });
    const cursorOf = ({ createdAt, id }: UserRecord) => cursors.format(query, { at: createdAt, id });
    return toPage(found, window, (user) => user, cursorOf);
  }

  /**
   * The viewer, or anyone for a holder of USERS_READ; undefined for an id of nobody, for what is no id, and for whom the viewer may
   * not read: the last three are the same to them, in time too, since no look-up is made.
   */
  async find(context: Context, idText: string): Promise<UserRecord | undefined> {
    const viewer = await context.getViewer();
    const id = parseId<UserId>(idText);
    if (id === viewer.userId) return viewer.user;
    if (!viewer.permissions.has('USERS_READ')) {
      context.hiddenFields += 1;
      return undefined;
    }
    if (id === undefined) return undefined;
    return this.#read(context, {
      find: (manager) => findUser(manager, id),
      toEvent: (user) => user && { type: 'user.read', subjectId: user.id, details: {} },
    });
  }

  async #findPage(
    manager: EntityManager,
    choice: UserChoice,
    address: CanonicalAddress | undefined,
    window: PageWindow,
  ): Promise<FoundRows<UserRecord>> {
    if (address === undefined) return findUserPage(manager, choice, window);
    const id = await findUserIdByIndexes(manager, indexesOf(this.#parts.keyring, address));
    return id === undefined ? NOBODY : findUserPage(manager, { ...choice, id }, window);
  }

  async #read<Found>(
    context: Context,
    reading: {
      readonly find: (manager: EntityManager) => Promise<Found>;
      readonly toEvent: (found: Found) => ReadEvent | undefined;
    },
  ): Promise<Found> {
    const { database, audit, dataKeys, clock } = this.#parts;
    const viewer = await context.getViewer();
    const found = await reading.find(database.manager);
    const event = reading.toEvent(found);
    const { by } = ownAct(context, viewer.user, dataKeys);
    const told =
      event &&
      (await untied(() => audit.recordWith(database.manager, actorStillHolds(viewer, clock.now()), { ...event, by })));
    if (told) return found;
    await holdActor(database.manager, viewer, clock.now());
    if (event === undefined) return found;
    throw new AppError('BUSY', 'Your session changed meanwhile. Repeat this.', { retryAfter: 1 });
  }

  async #findRoleId(name: string | undefined): Promise<RoleId | undefined> {
    if (name === undefined) return undefined;
    const [role] = await findRolesByName(this.#parts.database.manager, [name]);
    if (role) return role.id;
    throw badInput([{ path: ['filter', 'role'], code: 'NOT_ALLOWED', message: 'There is no role of this name.' }]);
  }
}

/** What of a filter is given: null counts as left out. */
const given = ({ email, status, role, createdAfter, createdBefore }: UserFilters) => ({
  email: email ?? undefined,
  status: status ?? undefined,
  role: role ?? undefined,
  createdAfter: createdAfter ?? undefined,
  createdBefore: createdBefore ?? undefined,
});
