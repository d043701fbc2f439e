import type { FastifyInstance } from 'fastify';
import { refusalOf } from './refusal.ts';

const JSON_IN_UTF8 = /^application\/json[\t ]*(;[\t ]*charset[\t ]*=[\t ]*"?utf-8"?[\t ]*)?$/i;

/**
 * Whether a Content-Type is JSON in UTF-8. No page can send that to another origin without a preflight, so no form and no
 * "simple" request of a foreign page is ever carried out (ASVS v5.0.0-3.5.2).
 */
export const isJson = (contentType: string | undefined): boolean => JSON_IN_UTF8.test(contentType ?? '');

/**
 * Reads bodies that are JSON in UTF-8 and no others. Bytes that are no UTF-8 refuse the request: read loosely, different
 * passwords would become the same one. So do `__proto__` keys and the like.
 */
export function takeJsonBodies(app: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      parseJson(request, utf8.decode(body as Buffer), done);
    } catch {
      done(refusalOf(400));
    }
  });
}
