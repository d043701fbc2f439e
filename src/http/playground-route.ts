import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { varyByEncoding } from './content-encoding.ts';
import { Refusal } from './refusal.ts';

/** The names of what stands in assets/ hold a hash of the content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const NOT_BUILT = 'The playground is not built yet. Run `npm run build`, then start again.\n';

/** In place of the playground where stored documents alone run: a page whose every request is refused would be a riddle. */
export function refusePlayground(app: FastifyInstance): void {
  app.get('/', async () => {
    throw new Refusal(
      404,
      'PERSISTED_QUERY_NOT_FOUND',
      'There is no playground: it sends texts, and this server runs stored documents alone (TRUSTED_DOCUMENTS=require).',
    );
  });
}

/**
 * The playground at `/`, from the folder that `npm run build` made, each file under its own path and nothing else. Where the
 * folder is missing, the page says how to make it.
 */
export async function registerPlayground(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', (_, reply) => reply.type('text/plain; charset=utf-8').send(NOT_BUILT));
    return;
  }
  const { default: fastifyStatic } = await import('@fastify/static');
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      const cache = route.url.startsWith('/assets/') ? FOR_EVER : 'no-cache';
      route.config = { ...route.config, isPage: true, cache };
    });
    pages.addHook('preHandler', async (_, reply) => varyByEncoding(reply));
    await pages.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      cacheControl: false,
      decorateReply: false,
      // The build has put a compressed twin beside each file that gains by it.
      preCompressed: true,
      globIgnore: ['**/*.br'],
    });
  });
}
