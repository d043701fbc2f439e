import type { EntityManager } from 'typeorm';
import type { Clock } from '../platform/clock.ts';
import type { SessionId, UserId } from '../platform/ids.ts';
import type { SessionEnding } from '../users/session-ending.port.ts';
import { endDevices } from './devices.repository.ts';
import { revokeSessions } from './sessions.repository.ts';

/** Ends sessions as part of another change, in that change's transaction. */
export class SessionEndings implements SessionEnding {
  readonly #clock: Clock;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Every live session of the user but `keep`, and all their device tokens. The caller has bumped the user's version. */
  async endAll(tx: EntityManager, userId: UserId, keep?: SessionId): Promise<readonly SessionId[]> {
    const now = this.#clock.now();
    await endDevices(tx, userId, now);
    return revokeSessions(tx, userId, keep, now);
  }
}
