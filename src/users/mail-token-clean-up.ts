import type { CleanUpJob } from '../platform/clean-up.ts';
import { before } from '../platform/clock.ts';
import { deleteEndedTokens } from './mail-tokens.repository.ts';

/** Mailed tokens that were used or ran out so many seconds ago. One that undoes a change of address lives its own days first. */
export const endedMailTokens = (keepSeconds: number): CleanUpJob => ({
  name: 'ended mail tokens',
  deleteBatch: (tx, now, limit) => deleteEndedTokens(tx, before(now, keepSeconds), limit),
});
