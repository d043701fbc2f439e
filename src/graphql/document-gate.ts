import { type DocumentNode, type GraphQLSchema, parse } from 'graphql';
import type { DocumentLimits } from '../config.ts';
import { findBrokenLimit, findTooManyTokens, parseOptions } from '../limits/document-limits.ts';
import type { AppError } from '../platform/errors.ts';
import type { KnownDocuments } from './known-documents.ts';

/** The limit that a document breaks, as DOCUMENT_LIMIT_EXCEEDED, or undefined. */
export type FindDocumentFault = (text: unknown) => AppError | undefined;

/**
 * Judges the limits of documents before Apollo is asked: its validation prepares thirty rules before the first of them looks at
 * the document, which costs more than all else of a refusal. What is no text, or does not parse, is left to Apollo to refuse.
 */
export function makeDocumentGate(
  schema: GraphQLSchema,
  limits: DocumentLimits,
  known: Pick<KnownDocuments, 'has'>,
): FindDocumentFault {
  return (text) => {
    if (typeof text !== 'string' || known.has(text)) return undefined;
    const tooMany = findTooManyTokens(text, limits);
    if (tooMany !== undefined) return tooMany;
    const document = tryToParse(text, limits);
    return document && findBrokenLimit(schema, document, limits);
  };
}

function tryToParse(text: string, limits: DocumentLimits): DocumentNode | undefined {
  try {
    return parse(text, { ...parseOptions(limits), noLocation: true });
  } catch {
    return undefined;
  }
}
