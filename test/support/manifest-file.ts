import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentIdOf } from '../../src/graphql/document-id.ts';

/** A file that holds this, as JSON or as it stands; its path. */
export function writeManifest(manifest: unknown): string {
  const file = join(mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'manifest-')), 'documents.json');
  writeFileSync(file, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return file;
}

/** `{ id: text }`, as codegen's client preset and Relay's compiler write it. */
export const byId = (...texts: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(texts.map((text) => [documentIdOf(text), text]));

/** Apollo's `apollo-persisted-query-manifest`. */
export const apolloManifest = (...texts: readonly string[]) => ({
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: texts.map((body) => ({
    id: documentIdOf(body),
    name: /(?:query|mutation) (\w+)/.exec(body)?.[1] ?? 'Nameless',
    type: body.startsWith('mutation') ? 'mutation' : 'query',
    body,
  })),
});
