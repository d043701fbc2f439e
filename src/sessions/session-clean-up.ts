import type { CleanUpJob } from '../platform/clean-up.ts';
import { before } from '../platform/clock.ts';
import { deleteEndedDevices } from './devices.repository.ts';
import { deleteEndedSessions } from './sessions.repository.ts';

/** Sessions that ended so many seconds ago. Nothing asks for them any more: an ended one answers as an unknown one does. */
export const endedSessions = (keepSeconds: number): CleanUpJob => ({
  name: 'ended sessions',
  deleteBatch: (tx, now, limit) => deleteEndedSessions(tx, before(now, keepSeconds), limit),
});

/** Devices whose token has been good for nothing for so many seconds. */
export const endedDevices = (keepSeconds: number): CleanUpJob => ({
  name: 'ended devices',
  deleteBatch: (tx, now, limit) => deleteEndedDevices(tx, before(now, keepSeconds), limit),
});
