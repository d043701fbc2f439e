import { jest } from '@jest/globals';
import { HashQueue } from '../../src/crypto/hash-queue.ts';

/** The work of hashing: one run is one argon2. */
export const spyOnHashes = () => jest.spyOn(HashQueue.prototype, 'run');

/** Work without end in every place of a server's hash queue that a stranger may have; what ends it. */
export async function fillHashQueue(queue: unknown): Promise<() => void> {
  if (!(queue instanceof HashQueue)) throw new TypeError('It is no queue: nothing was hashed yet');
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  while (await hasRoom(queue)) void queue.run('stranger', () => held);
  return release;
}

/** By what is asked of the queue: a refusal is held back, and counted meanwhile. */
async function hasRoom(queue: HashQueue): Promise<boolean> {
  const asked = queue.findRoom('stranger').catch(() => undefined);
  if (queue.held === 0) return true;
  await asked;
  return false;
}
