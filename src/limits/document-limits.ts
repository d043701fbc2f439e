import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type ParseOptions,
  type ValidationRule,
} from 'graphql';
import type { DocumentLimits } from '../config.ts';
import { AppError } from '../platform/errors.ts';
import { DOCUMENT_LIMIT_TEXTS } from './document-limit-texts.ts';
import { DocumentMeter, type Measure, Unmeasurable } from './document-measure.ts';
import { hasMoreTokens } from './token-count.ts';

/** Selection sets inside each other that no setting allows: deeper ones could exhaust the stack. */
const DEEPEST = 500;

/** Larger counts are not told: thirty fragments that each spread the next one twice already spell a billion fields. */
const LARGEST_TOLD = 1_000_000;

/** What DOCUMENT_LIMIT_EXCEEDED says of a second credential mutation (decisions: one an operation). */
export const ONE_CREDENTIAL_MUTATION =
  'An operation holds one mutation that checks a password, code or token, or sends a mail. Send the others in operations of their own.';

/**
 * The first limit that `document` breaks, as DOCUMENT_LIMIT_EXCEEDED, or undefined. For a document that parsed, before it is
 * validated: validation compares fields pairwise, so the cheap pass goes first. Every operation and every fragment is judged,
 * whichever is to run, and no variable counts: the verdict belongs to the document alone and may be kept with it.
 */
export function findBrokenLimit(
  schema: GraphQLSchema,
  document: DocumentNode,
  limits: DocumentLimits,
): AppError | undefined {
  const meter = new DocumentMeter(schema, document, Math.min(limits.depth + limits.introspectionDepth, DEEPEST));
  try {
    for (const definition of document.definitions) {
      const refusal = judge(meter, definition, limits);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof Unmeasurable)) throw error;
    if (error.reason !== 'cycle') return exceeded(error.reason, limits);
    return new AppError('DOCUMENT_LIMIT_EXCEEDED', 'A fragment of the document spreads itself: its depth has no end.');
  }
}

/**
 * `findBrokenLimit` as a validation rule. It stands last in Apollo's `validationRules`, with `maxRecursiveSelections` unset
 * (which would move it behind the others); it then looks at the document before any other rule has looked inside, and where
 * it refuses it takes the document from the walk (a visitor's `null`), so that the refusal is cheap and the only error.
 * The GraphQLError's `originalError` is the AppError.
 */
export function documentLimitsRule(limits: DocumentLimits): ValidationRule {
  return (context) => ({
    [Kind.DOCUMENT]: (document: DocumentNode) => {
      const refusal = findBrokenLimit(context.getSchema(), document, limits);
      if (refusal === undefined) return undefined;
      context.reportError(new GraphQLError(refusal.message, { originalError: refusal }));
      return null;
    },
  });
}

/** Apollo's `parseOptions`: the parser stops at the limit, so that a flood of tokens is never built into a tree. */
export const parseOptions = (limits: DocumentLimits): ParseOptions => ({ maxTokens: limits.tokens });

/** The parser gives no code of its own. Anchored: what a document holds cannot make another syntax error look like this one. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] \d+ tokens\. Parsing aborted\.$/;

/** DOCUMENT_LIMIT_EXCEEDED where `error` is the parser's refusal of too many tokens (GRAPHQL_PARSE_FAILED in Apollo), else undefined. */
export const findTokenRefusal = (error: { readonly message: string }, limits: DocumentLimits): AppError | undefined =>
  TOO_MANY_TOKENS.test(error.message) ? exceeded('tokens', limits) : undefined;

/** The same refusal before anything is parsed. A text has no more tokens than characters, so that short ones are not even read. */
export const findTooManyTokens = (text: string, limits: DocumentLimits): AppError | undefined =>
  text.length > limits.tokens && hasMoreTokens(text, limits.tokens) ? exceeded('tokens', limits) : undefined;

function judge(meter: DocumentMeter, definition: DocumentNode['definitions'][number], limits: DocumentLimits) {
  if (definition.kind === Kind.OPERATION_DEFINITION) {
    const measure = meter.measureOperation(definition);
    if (measure.credentialMutations > 1) return new AppError('DOCUMENT_LIMIT_EXCEEDED', ONE_CREDENTIAL_MUTATION);
    return compare(measure, limits, [...OF_FRAGMENTS, 'rootFields']);
  }
  // A fragment that nothing spreads is refused by validation, but validation must first read it.
  if (definition.kind === Kind.FRAGMENT_DEFINITION)
    return compare(meter.measureFragment(definition), limits, OF_FRAGMENTS);
  return undefined;
}

type Measured = Exclude<keyof DocumentLimits, 'tokens'>;
const NESTING: readonly string[] = ['depth', 'introspectionDepth'] satisfies readonly Measured[];
const OF_FRAGMENTS: readonly Measured[] = ['depth', 'introspectionDepth', 'cost', 'aliases', 'directives'];

function compare(measure: Measure, limits: DocumentLimits, names: readonly Measured[]): AppError | undefined {
  const broken = names.find((name) => measure[name] > limits[name]);
  return broken === undefined ? undefined : exceeded(broken, limits, measure[broken]);
}

function exceeded(limit: keyof DocumentLimits, limits: DocumentLimits, found?: number): AppError {
  const { counts, remedy } = DOCUMENT_LIMIT_TEXTS[limit];
  const maximum = NESTING.includes(limit) ? Math.min(limits[limit], DEEPEST) : limits[limit];
  const has = found === undefined || found > LARGEST_TOLD ? '' : ` It has ${found}.`;
  const message = `The document is over the limit of ${limit}, ${maximum} (${counts}).${has} ${remedy}`;
  return new AppError('DOCUMENT_LIMIT_EXCEEDED', message);
}
