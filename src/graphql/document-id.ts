import { createHash } from 'node:crypto';

/** The id of a document: SHA-256 of its text in UTF-8, in lower-case hex. */
export const documentIdOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export const isDocumentId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);
