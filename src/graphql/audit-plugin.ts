import type { ApolloServerPlugin, GraphQLRequestContext } from '@apollo/server';
import {
  type DocumentNode,
  type GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { RequestContext } from '../access/request-context.ts';
import { AppError, ERROR_CODES, type ErrorCode } from '../platform/errors.ts';

/** A root field that was refused or failed. */
export interface RefusedField {
  readonly operation: 'QUERY' | 'MUTATION' | 'SUBSCRIPTION';
  /** Its name in the schema, not its alias. */
  readonly field: string;
  readonly code: ErrorCode;
}

export interface OperationAuditParts {
  /** Takes one refusal to be recorded after the answer. Must not throw. */
  refused(context: RequestContext, refusal: RefusedField): void;
  /** Takes how many values of others an operation was silently not given. Must not throw. */
  hidden(context: RequestContext, fields: number): void;
  /** Takes an error that is nobody's refusal: a fault of the server's, or of what it stores. Must not throw. */
  failed(context: RequestContext, error: unknown): void;
  /** Whether a service has recorded this refusal with an event of its own (a failed login). */
  isRecorded(error: unknown): boolean;
}

const OPERATIONS = { query: 'QUERY', mutation: 'MUTATION', subscription: 'SUBSCRIPTION' } as const;

function codeOf(error: GraphQLError): ErrorCode {
  if (error.originalError instanceof AppError) return error.originalError.code;
  return ERROR_CODES.find((code) => code === error.extensions['code']) ?? 'INTERNAL_SERVER_ERROR';
}

/** The root fields by the names that the answer gives them, fragments included. Only ever read for an operation that was refused. */
function rootFields(document: DocumentNode, { selectionSet }: OperationDefinitionNode): ReadonlyMap<string, string> {
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  const fields = new Map<string, string>();
  const seen = new Set<SelectionSetNode>();
  const walk = (set: SelectionSetNode | undefined): void => {
    if (set === undefined || seen.has(set)) return;
    seen.add(set);
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) fields.set(node.alias?.value ?? node.name.value, node.name.value);
      else if (node.kind === Kind.INLINE_FRAGMENT) walk(node.selectionSet);
      else walk(fragments.get(node.name.value)?.selectionSet);
    }
  };
  walk(selectionSet);
  return fields;
}

/** Only somebody known is refused with these. */
const FORBIDS: ReadonlySet<ErrorCode> = new Set(['FORBIDDEN', 'REAUTHENTICATION_REQUIRED', 'ACTION_REQUIRED']);
const ASKS_TO_LOG_IN: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'TOKEN_EXPIRED']);

/** Whether a rule refused somebody known. To be asked to log in happens to everybody, every day: no row without a session's token. */
const isDenialOfKnown = (code: ErrorCode, { credentials }: RequestContext) =>
  FORBIDS.has(code) || (ASKS_TO_LOG_IN.has(code) && credentials.kind === 'access-token');

/**
 * A mutation counts when its own resolver failed, or whatever refused it came before that. An error further down is not its
 * failure: the change was made, and has its event.
 */
function counts(error: GraphQLError, code: ErrorCode, operation: string, context: RequestContext): boolean {
  // Limits record their refusals themselves, two rows for a flood (audit/limit-refusals.ts).
  if (code === 'RATE_LIMITED') return false;
  if (operation === 'mutation' && (error.path?.length ?? 0) <= 1) return true;
  return isDenialOfKnown(code, context);
}

type FailedContext = Pick<GraphQLRequestContext<RequestContext>, 'contextValue' | 'document' | 'operation' | 'errors'>;

/** One for each root field that was refused; one in all for an operation that did not begin. */
function refusalsIn(
  { contextValue, document, operation, errors = [] }: FailedContext,
  isRecorded: OperationAuditParts['isRecorded'],
): readonly RefusedField[] {
  if (document === undefined || operation === undefined) return [];
  const counted = errors
    .map((error) => ({ error, code: codeOf(error) }))
    .filter(({ error, code }) => counts(error, code, operation.operation, contextValue))
    .filter(({ error }) => !isRecorded(error.originalError));
  if (counted.length === 0) return [];
  const fields = rootFields(document, operation);
  const refusals = new Map<string, RefusedField>();
  for (const { error, code } of counted) {
    const answerName = String(error.path?.[0] ?? [...fields.keys()][0]);
    const field = fields.get(answerName);
    if (field === undefined || refusals.has(answerName)) continue;
    refusals.set(answerName, { operation: OPERATIONS[operation.operation], field, code });
  }
  return [...refusals.values()];
}

/** What the audit trail is told of operations, whichever way they were run. */
export interface OperationAudit {
  /** Takes the errors of an operation, before a client sees them. */
  failed(request: FailedContext): void;
  /** Takes an operation whose answer is about to leave. */
  answered(context: RequestContext): void;
}

/**
 * Hands on what each operation was refused: every mutation that failed or was denied, every query denied to somebody known, and once
 * an operation that values of others were kept back. Successes are recorded by their services, in the change's own transaction.
 */
export const makeOperationAudit = (parts: OperationAuditParts): OperationAudit => ({
  failed(request) {
    for (const refusal of refusalsIn(request, parts.isRecorded)) parts.refused(request.contextValue, refusal);
    // One fault that fails several fields is one.
    const faults = new Set(request.errors?.map(({ originalError }) => originalError));
    for (const fault of faults) parts.failed(request.contextValue, fault);
  },
  answered(context) {
    if (context.hiddenFields > 0) parts.hidden(context, context.hiddenFields);
  },
});

/** Tells the trail of what Apollo runs. */
export const auditPlugin = (audit: OperationAudit): ApolloServerPlugin<RequestContext> => ({
  async requestDidStart() {
    return {
      didEncounterErrors: async (request) => audit.failed(request),
      willSendResponse: async ({ contextValue }) => audit.answered(contextValue),
    };
  },
});
