import { readFileSync, statSync } from 'node:fs';
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { DocumentLimits } from '../config.ts';
import { findBrokenLimit, findTokenRefusal, parseOptions } from '../limits/document-limits.ts';
import { documentIdOf, isDocumentId } from './document-id.ts';
import { isObject } from './json-value.ts';
import { servedOperationsRule } from './served-operations.ts';

/** Documents by their ids: SHA-256 of the text in UTF-8, in lower-case hex. */
export type DocumentManifest = ReadonlyMap<string, string>;

export interface ManifestChecks {
  readonly schema: GraphQLSchema;
  readonly limits: DocumentLimits;
}

const LARGEST_BYTES = 16 * 2 ** 20;
const FAULTS_TOLD = 20;

/**
 * The manifest in `file`: `{ id: text }`, as codegen's client preset and Relay's compiler write it, or Apollo's
 * `apollo-persisted-query-manifest`. Every id must be the hash of its text, and every text a document that this server would
 * run. Throws an Error that names each fault (the first twenty), so that it is met at the start and not by a client.
 */
export function readManifest(file: string, checks: ManifestChecks): DocumentManifest {
  const entries = toEntries(parseJson(readBounded(file), file), file);
  const faults = entries.flatMap(([id, text, name]) => {
    const fault = findFault(id, text, checks);
    return fault === undefined ? [] : [`${name ?? (id.slice(0, 70) || 'a document without an id')} ${fault}`];
  });
  if (faults.length === 0) return new Map(entries.map(([id, text]) => [id, String(text)]));
  const more = faults.length > FAULTS_TOLD ? [`and ${faults.length - FAULTS_TOLD} more`] : [];
  const lines = [...faults.slice(0, FAULTS_TOLD), ...more].map((line) => `- ${line}`);
  throw new Error(['TRUSTED_DOCUMENTS_FILE holds documents that cannot be trusted:', ...lines].join('\n'));
}

function readBounded(file: string): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw refusal(`must name a file: there is none at ${file}`);
  if (size > LARGEST_BYTES) throw refusal(`must name a file of at most ${LARGEST_BYTES} bytes, and this has ${size}`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw refusal(`must name a file that can be read: ${file}`);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal(`must name a JSON file: ${file} is none`);
  }
}

const refusal = (text: string) => new Error(`TRUSTED_DOCUMENTS_FILE ${text}`);

type Entry = readonly [id: string, text: unknown, name?: string | undefined];

function toEntries(manifest: unknown, file: string): readonly Entry[] {
  const entries = isObject(manifest)
    ? manifest['format'] === undefined
      ? Object.entries(manifest)
      : toApolloEntries(manifest)
    : undefined;
  if (entries === undefined) {
    throw refusal(
      `must hold {"<sha256>": "<text>", …}, or Apollo's "apollo-persisted-query-manifest" of version 1: ${file} holds neither`,
    );
  }
  if (entries.length === 0) throw refusal(`must hold at least one document: ${file} holds none`);
  return entries;
}

function toApolloEntries({ format, version, operations }: Readonly<Record<string, unknown>>): Entry[] | undefined {
  if (format !== 'apollo-persisted-query-manifest' || version !== 1 || !Array.isArray(operations)) return undefined;
  return operations.map((operation: unknown): Entry => {
    const { id, body, name } = isObject(operation) ? operation : {};
    return [typeof id === 'string' ? id : '', body, typeof name === 'string' ? name : undefined];
  });
}

function findFault(id: string, text: unknown, { schema, limits }: ManifestChecks): string | undefined {
  if (typeof text !== 'string') return 'has no text';
  if (!isDocumentId(id)) return `has an id that is no SHA-256 in lower-case hex${remedyFor(id)}`;
  if (documentIdOf(text) !== id) return 'has an id that is not the SHA-256 of its text';
  const document = parseOrFault(text, limits);
  if (typeof document === 'string') return document;
  const broken = findBrokenLimit(schema, document, limits);
  if (broken !== undefined) return `is over a limit: ${broken.message}`;
  const [error] = validate(schema, document, [
    ...specifiedRules,
    servedOperationsRule,
    NoSchemaIntrospectionCustomRule,
  ]);
  if (error !== undefined) return `does not fit the schema: ${error.message}`;
  return document.definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION) ? undefined : 'has no operation';
}

/** Codegen's client preset hashes by SHA-1 unless it is told otherwise, Relay's compiler by MD5. */
const remedyFor = (id: string): string =>
  /^(?:[0-9a-f]{40}|[0-9a-f]{32})$/i.test(id)
    ? ' (codegen: `persistedDocuments: { hashAlgorithm: "sha256" }`; Relay: `"algorithm": "SHA256"`)'
    : '';

function parseOrFault(text: string, limits: DocumentLimits): DocumentNode | string {
  try {
    return parse(text, parseOptions(limits));
  } catch (error) {
    const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
    const tokens = findTokenRefusal({ message }, limits);
    return tokens ? `is over a limit: ${tokens.message}` : `does not parse: ${message}`;
  }
}
