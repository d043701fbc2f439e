import type { DataSource } from 'typeorm';
import type { RequestContext, Viewer } from '../access/request-context.ts';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import { untied } from '../platform/transaction.ts';
import { holdActor } from './held-actor.repository.ts';
import { ownAct } from './own-act.ts';
import { PROFILE_FIELDS, type ProfileChange } from './profile.fields.ts';
import { profileChange } from './profile.repository.ts';
import { sealedChange } from './profile.sealing.ts';
import type { UserRecord } from './user.record.ts';
import { type ProfileRow, toProfile } from './users.repository.ts';

interface ProfileParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly clock: Clock;
  readonly random: Random;
}

/** A viewer whose record was read with them. */
export interface ViewerWithUser extends Viewer {
  readonly user: UserRecord;
}

/** What people say of themselves. */
export class ProfileService {
  readonly #parts: ProfileParts;

  constructor(parts: ProfileParts) {
    this.#parts = parts;
  }

  /**
   * Changes the viewer's profile; the user with the profile as it stands afterwards. A change that names no field does nothing. Throws
   * what `holdActor` throws where the viewer may not act any more.
   */
  async update(context: RequestContext<ViewerWithUser>, change: ProfileChange): Promise<UserRecord> {
    const { database, audit, dataKeys, clock, random } = this.#parts;
    const viewer = await context.getViewer();
    const { user } = viewer;
    const fields = PROFILE_FIELDS.filter((field) => change[field] !== undefined);
    if (fields.length === 0 || user.dataKey === null) return user;
    const columns = sealedChange(dataKeys.unwrap(user.dataKey), user.id, change, random);
    const statement = profileChange(viewer, user.dataKey.id, columns, clock.now());
    const event: AuditEvent = { type: 'profile.updated', ...ownAct(context, user, dataKeys), details: { fields } };
    const changed = await untied(() => audit.recordWith<ProfileRow>(database.manager, statement, event));
    if (changed) return { ...user, profile: toProfile(changed) };
    await holdActor(database.manager, viewer, clock.now());
    // Each user has one: without it neither the change nor its event is there, and the answer must not say so.
    throw new TypeError('A user has no profile row');
  }
}
