import type { TrustedDocumentsMode } from '../config.ts';
import { AppError } from '../platform/errors.ts';
import { documentIdOf } from './document-id.ts';
import type { DocumentManifest } from './document-manifest.ts';
import { isGiven, isObject } from './json-value.ts';

/** The body of a request: a JSON object, whatever it holds. */
export type GraphqlBody = Readonly<Record<string, unknown>>;

/** Gives the request with its document's text, and without the id that named it. Throws PERSISTED_QUERY_NOT_FOUND or BAD_USER_INPUT. */
export type ResolveDocument = (body: GraphqlBody) => GraphqlBody;

/** The text that Apollo Client looks for before it sends the document (`link/persisted-queries`). */
const NOT_FOUND = 'PersistedQueryNotFound';
const ONLY_TRUSTED = 'This server runs stored documents alone: send the id of one.';

/**
 * Finds the document that a request names by `extensions.persistedQuery.sha256Hash`, `documentId` or `doc_id`: a known id runs,
 * an id with its text runs the text, and nothing is ever stored on a client's word: Apollo's own persisted queries, which let
 * anyone fill the cache, stay off. With `require` only what the manifest holds goes on, and only by its id.
 */
export function makeResolveDocument(mode: TrustedDocumentsMode, manifest: DocumentManifest): ResolveDocument {
  return (body) => {
    const id = readId(body);
    const text = readText(body);
    if (id === undefined) {
      if (mode === 'require') throw new AppError('PERSISTED_QUERY_NOT_FOUND', ONLY_TRUSTED);
      return body;
    }
    if (text !== undefined && documentIdOf(text) !== id) {
      throw badRequest('The id of the document is not the SHA-256 of its text.');
    }
    const known = manifest.get(id);
    const query = mode === 'require' ? known : (known ?? text);
    if (query === undefined) throw new AppError('PERSISTED_QUERY_NOT_FOUND', NOT_FOUND);
    const { documentId: _documentId, doc_id: _docId, extensions, ...rest } = body;
    return { ...rest, query, ...withoutId(extensions) };
  };
}

const badRequest = (message: string) => new AppError('BAD_USER_INPUT', message);

/** Undefined where the text was left out: clients send null or nothing in its place. */
function readText({ query }: GraphqlBody): string | undefined {
  if (query === undefined || query === null || query === '') return undefined;
  if (typeof query !== 'string') throw badRequest('`query` must be a text.');
  return query;
}

/** Undefined where the request names no document. One that is named twice must be the same: else the two sides of a proxy could differ. */
function readId({ documentId, doc_id, extensions }: GraphqlBody): string | undefined {
  const named = [documentId, doc_id, readPersistedQuery(extensions)].filter(isGiven);
  const ids = new Set(named.map((id) => (typeof id === 'string' ? id.replace(/^sha256:/, '') : undefined)));
  const [id] = ids;
  if (ids.size === 0) return undefined;
  if (ids.size > 1) throw badRequest('The request names two documents.');
  if (id === undefined) throw badRequest('The id of a document must be a text.');
  return id;
}

function readPersistedQuery(extensions: unknown): unknown {
  const persisted = isObject(extensions) ? extensions['persistedQuery'] : undefined;
  if (!isGiven(persisted)) return undefined;
  const { version = 1, sha256Hash } = isObject(persisted) ? persisted : {};
  if (version !== 1) throw badRequest('`extensions.persistedQuery.version` must be 1.');
  if (typeof sha256Hash !== 'string') throw badRequest('`extensions.persistedQuery.sha256Hash` must be a text.');
  return sha256Hash;
}

/** Apollo refuses a request with the extension while its own persisted queries are off. */
function withoutId(extensions: unknown): { extensions?: unknown } {
  if (!isObject(extensions)) return extensions === undefined ? {} : { extensions };
  const { persistedQuery: _persistedQuery, ...rest } = extensions;
  return { extensions: rest };
}
