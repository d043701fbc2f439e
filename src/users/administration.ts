import type { EntityManager } from 'typeorm';
import type { Permission } from '../access/permissions.ts';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import type { Administration, HeldAdministrator } from '../roles/administration.port.ts';
import { findPermissions, lockPower } from '../roles/power.repository.ts';
import { requireAdministrator } from '../roles/power.ts';
import { holdSession, lockUsers } from './administration.repository.ts';
import { ownAct } from './own-act.ts';
import type { UserRecord } from './user.record.ts';
import { findUser } from './users.repository.ts';

export interface Wanted {
  readonly permission: Permission;
  readonly power: 'use' | 'change';
  /** On whom the administrator acts: held too, in the order of ids, so that two who act on each other cannot lock each other out. */
  readonly subjectId?: UserId;
}

/** An administrator, and the person they act on, as both stand at this moment. */
export interface HeldAct extends HeldAdministrator {
  readonly subject: UserRecord;
  readonly subjectPermissions: ReadonlySet<Permission>;
}

/** How an act on a person begins. */
export interface AdministrationOfPeople<Asker = RequestContext> extends Administration<Asker> {
  /** As `hold`, and holds the person too. NOT_FOUND where there is none, CONFLICT where they were erased. */
  holdOver(tx: EntityManager, asker: Asker, wanted: Wanted & { readonly subjectId: UserId }): Promise<HeldAct>;
}

/** How an act of administration begins: with what decides it locked and read anew, in one order everywhere (power, users, session). */
export class HeldAdministration implements AdministrationOfPeople {
  readonly #dataKeys: DataKeys;
  readonly #clock: Clock;

  constructor(parts: { dataKeys: DataKeys; clock: Clock }) {
    this.#dataKeys = parts.dataKeys;
    this.#clock = parts.clock;
  }

  async hold(tx: EntityManager, context: RequestContext, wanted: Wanted): Promise<HeldAdministrator> {
    const viewer = await context.getViewer();
    await lockPower(tx, wanted.power);
    await lockUsers(tx, [viewer.userId, ...(wanted.subjectId ? [wanted.subjectId] : [])]);
    const session = await holdSession(tx, viewer, this.#clock.now());
    const user = session && (await findUser(tx, viewer.userId));
    if (!session || !user) throw new AppError('UNAUTHENTICATED', 'This session has ended. Log in again.');
    const { credentials } = context;
    if (credentials.kind !== 'access-token' || credentials.generation < session.authGeneration) {
      throw new AppError('TOKEN_EXPIRED', 'This access token is from before a reauthentication. Use the newer one.');
    }
    const permissions = new Set(await findPermissions(tx, viewer.userId));
    if (!permissions.has(wanted.permission)) throw new AppError('FORBIDDEN', `This needs ${wanted.permission}.`);
    if (!context.isRecent({ ...viewer, authenticatedAt: session.authenticatedAt })) {
      throw new AppError('REAUTHENTICATION_REQUIRED', 'This needs a recent login: call reauthenticate, then repeat.');
    }
    return { by: ownAct(context, user, this.#dataKeys).by, permissions };
  }

  async holdOver(tx: EntityManager, context: RequestContext, wanted: Wanted & { subjectId: UserId }): Promise<HeldAct> {
    return withSubject(tx, await this.hold(tx, context, wanted), wanted.subjectId);
  }
}

/** The act with the person, whose row is held, as they stand. NOT_FOUND, CONFLICT where they were erased. */
export async function withSubject(tx: EntityManager, actor: HeldAdministrator, subjectId: UserId): Promise<HeldAct> {
  const subject = await findUser(tx, subjectId);
  if (!subject) throw noSuchUser();
  if (subject.status === 'ERASED') throw new AppError('CONFLICT', 'This person was erased.');
  return { ...actor, subject, subjectPermissions: new Set(await findPermissions(tx, subject.id)) };
}

export const noSuchUser = () => new AppError('NOT_FOUND', 'There is no user of this id.');

/** Throws CONFLICT where a change of the subject has left no administrator: only who held that role can have been the last. */
export async function keepAdministrator(tx: EntityManager, { subject }: Pick<HeldAct, 'subject'>): Promise<void> {
  if (subject.roles.some(({ name }) => name === 'admin')) await requireAdministrator(tx);
}
