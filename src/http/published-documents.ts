import { brotliCompressSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { takesBrotli, varyByEncoding } from './content-encoding.ts';

/** A JWK Set (RFC 7517 §5) of public keys. */
export interface JwkSet {
  readonly keys: readonly object[];
}

/** Shorter than the overlap of a rotation, so that no verifier misses the next key. */
const JWKS_SECONDS = 300;

/**
 * `/.well-known/jwks.json`: the keys that verify access tokens. Public by nature: any page may read it, without credentials.
 */
export function registerJwks(app: FastifyInstance, readKeys: () => Promise<JwkSet>): void {
  const cors = { origin: '*', credentials: false };
  const config = { cache: `public, max-age=${JWKS_SECONDS}`, cors };
  app.get('/.well-known/jwks.json', { config }, (_, reply) => {
    reply.type('application/json; charset=utf-8');
    return readKeys();
  });
}

/** `/schema.graphql`: the SDL for codegen, also while introspection is off. Compressed once, for all who take that, by the first of them. */
export function registerSchema(app: FastifyInstance, sdl: string): void {
  let compressed: Buffer | undefined;
  app.get('/schema.graphql', { config: { cache: 'no-cache' } }, (request, reply) => {
    reply.type('text/plain; charset=utf-8');
    varyByEncoding(reply);
    if (!takesBrotli(request.headers['accept-encoding'])) return reply.send(sdl);
    compressed ??= brotliCompressSync(sdl);
    return reply.header('content-encoding', 'br').send(compressed);
  });
}
