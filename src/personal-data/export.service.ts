import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DayKeys } from '../audit/day-keys.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { MailOutbox } from '../mail/mail-outbox.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { UserId } from '../platform/ids.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { ViewerWithUser } from '../users/profile.service.ts';
import { findCredentials, findDataKeys } from '../users/users.repository.ts';
import { findHeldRoles, findStoredDevices, findStoredSessions, findStoredTokens } from './export.repository.ts';
import {
  devicesMember,
  EXPORT_FORMAT,
  mailsMember,
  profileMember,
  rolesMember,
  sessionsMember,
  tokensMember,
  userMember,
} from './export-document.ts';
import { collectEvents } from './exported-events.ts';

interface ExportParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly dayKeys: DayKeys;
  readonly outbox: MailOutbox;
  readonly clock: Clock;
}

export interface PersonalDataExport {
  readonly exportedAt: Date;
  /** As docs/personal-data.md describes it. */
  readonly data: object;
}

/** Copies all that is stored about a person (GDPR, articles 15 and 20): never a secret, a hash, a key, or anybody else's data. */
export class ExportService {
  readonly #parts: ExportParts;

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  /** The viewer's data, and the event that says so, from one transaction. Throws UNAUTHENTICATED once the session has ended. */
  async exportOwn(context: RequestContext<ViewerWithUser>): Promise<PersonalDataExport> {
    const { database, audit, dataKeys, clock } = this.#parts;
    const viewer = await context.getViewer();
    return inTransaction(database, async (tx) => {
      const exportedAt = clock.now();
      await holdActor(tx, viewer, exportedAt);
      const data = await this.#collect(tx, viewer.userId);
      await audit.record(tx, {
        type: 'personal_data.exported',
        ...ownAct(context, viewer.user, dataKeys),
        details: {},
      });
      return { exportedAt, data };
    });
  }

  async #collect(tx: EntityManager, userId: UserId): Promise<object> {
    const { dataKeys, dayKeys, outbox } = this.#parts;
    const user = await findCredentials(tx, userId);
    if (!user?.dataKey) throw new AppError('UNAUTHENTICATED', 'This session has ended. Log in again.');
    const key = dataKeys.unwrap(user.dataKey);
    const keys = new Map((await findDataKeys(tx, userId)).map((row) => [row.id, dataKeys.unwrap(row)]));
    return {
      format: EXPORT_FORMAT,
      user: userMember(user, key),
      profile: profileMember(user, key),
      roles: rolesMember(await findHeldRoles(tx, userId)),
      sessions: sessionsMember(await findStoredSessions(tx, userId), key),
      devices: devicesMember(await findStoredDevices(tx, userId)),
      mailedTokens: tokensMember(await findStoredTokens(tx, userId), key),
      waitingMails: mailsMember(await outbox.listWaiting(tx, { userId, keys })),
      ...(await collectEvents(tx, { userId, keys }, dayKeys)),
    };
  }
}
