import { type DocumentNode, execute, type GraphQLSchema, getOperationAST, type OperationDefinitionNode } from 'graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { Logger } from '../platform/logger.ts';
import type { OperationAudit } from './audit-plugin.ts';
import type { InputProblems } from './input-problems.ts';
import { isGiven, isObject } from './json-value.ts';
import type { KnownDocuments } from './known-documents.ts';
import { toPublicError } from './public-errors.ts';
import type { GraphqlBody } from './trusted-documents.ts';
import { refuseBadVariables } from './variable-problems.ts';

/**
 * Runs one operation for somebody: the body of its answer (status 200) as Apollo spells it. Undefined where its variables do not
 * fit: nothing was run then, and Apollo is to say why.
 */
export type RunOperation<C> = (context: C) => Promise<string | undefined>;

/** The operation that a request names, or undefined where Apollo has yet to look at it. */
export type FindKnownOperation<C> = (body: GraphqlBody) => RunOperation<C> | undefined;

export interface KnownOperationsParts {
  /** The guarded schema, the same as Apollo's. */
  readonly schema: GraphQLSchema;
  readonly known: Pick<KnownDocuments, 'find'>;
  readonly problems: InputProblems;
  readonly audit: OperationAudit;
  readonly logger: Logger;
}

/**
 * Runs operations whose document has passed all checks of Apollo's before (KnownDocuments): of a request it is then asked
 * whether it is well formed, which operation it names, and, once, whether its variables fit. What is not plainly so is left to
 * Apollo, which refuses it. Rules, limits and input checks stand in the schema itself, so they hold here as there.
 */
export function makeFindKnownOperation(parts: KnownOperationsParts): FindKnownOperation<RequestContext> {
  const { schema, known, problems } = parts;
  return ({ query, variables, operationName, extensions }) => {
    if (typeof query !== 'string' || isGiven(extensions)) return undefined;
    if (isGiven(operationName) && typeof operationName !== 'string') return undefined;
    if (isGiven(variables) && !isObject(variables)) return undefined;
    const document = known.find(query);
    const operation = document && getOperationAST(document, operationName);
    if (!document || !operation) return undefined;
    const values = variables ?? {};
    // graphql-js itself refuses before it runs anything, but for a null: it would end a field, and not the operation.
    if (hasNull(values) && !fits(() => refuseBadVariables(problems, schema, document, operation, values)))
      return undefined;
    return (context) => run(parts, { document, operation, values }, context);
  };
}

const hasNull = (values: object): boolean => Object.values(values).includes(null);

function fits(refuse: () => void): boolean {
  try {
    refuse();
    return true;
  } catch {
    return false;
  }
}

interface Operation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly values: Readonly<Record<string, unknown>>;
}

async function run(
  { schema, audit, logger }: KnownOperationsParts,
  { document, operation, values }: Operation,
  context: RequestContext,
): Promise<string | undefined> {
  const name = operation.name?.value ?? null;
  context.operationName = name;
  const { data, errors } = await execute({
    schema,
    document,
    operationName: name,
    variableValues: values,
    contextValue: context,
    options: { maxCoercionErrors: 1 },
  });
  // Of a validated document this is left out for one reason alone: a variable that does not fit.
  if (data === undefined) return undefined;
  if (errors) audit.failed({ contextValue: context, document, operation, errors });
  audit.answered(context);
  const told = errors?.map((error) => toPublicError(error, context.requestId, logger));
  return `${JSON.stringify({ errors: told, data })}\n`;
}
