import type { FastifyReply } from 'fastify';
import Negotiator from 'negotiator';

/**
 * Whether an Accept-Encoding takes Brotli. Only what is the same for everybody is ever sent so: in an answer that holds a secret
 * beside a text of the attacker's choice, the length would tell the secret piece by piece (BREACH; docs/decisions/compression.md).
 */
export const takesBrotli = (acceptEncoding: string | undefined): boolean =>
  new Negotiator({ headers: { 'accept-encoding': acceptEncoding } }).encoding(['br', 'identity']) === 'br';

/** Says to caches that the answer goes by Accept-Encoding, beside what it goes by already. */
export function varyByEncoding(reply: FastifyReply): void {
  const known = [reply.getHeader('vary') ?? []].flat().map(String);
  reply.header('vary', [...known, 'Accept-Encoding'].join(', '));
}
