/**
 * A client that takes application/json alone is one from before the GraphQL over HTTP specification, and reads a document's
 * faults only under status 200 (GraphQL over HTTP §6.4.1).
 */
export const isOldClient = (accept: string | undefined) => /^application\/json *(;[^,]*)?$/i.test(accept ?? '');
