import type { IncomingMessage } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import { parseId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import type { ClientAddress } from './client-address.ts';

/**
 * Makes the id of each request: a UUIDv7 of our own. Only a trusted proxy may bring one, in X-Request-Id and a UUID itself,
 * so that its log and ours meet; a client's would let it forge the trail of another's request.
 */
export function makeRequestIds(
  readClient: (request: IncomingMessage) => ClientAddress,
  clock: Clock,
  random: Random,
): (request: IncomingMessage) => string {
  return (request) => {
    const brought = request.headers['x-request-id'];
    const isTaken = typeof brought === 'string' && readClient(request).viaProxy;
    return (isTaken ? parseId(brought) : undefined) ?? uuidv7(clock, random);
  };
}
