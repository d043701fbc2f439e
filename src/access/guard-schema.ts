import { createRequire } from 'node:module';
import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isIntrospectionType,
  isObjectType,
  locatedError,
  responsePathAsArray,
} from 'graphql';
import { type Outcome, outcomeOf, type RateLimiter } from '../limits/rate-limit-rules.ts';
import { AppError, withoutFrames } from '../platform/errors.ts';
import type { Exemption, FieldAccess } from './access-map.ts';
import type { RequestContext } from './request-context.ts';

// CommonJS for both: the ES build of graphql-shield calls what Node 24 lacks, and mixed they do not know each other's schema.
const require = createRequire(import.meta.url);
const { applyMiddleware } = require('graphql-middleware') as typeof import('graphql-middleware');
const { deny, rule, shield } = require('graphql-shield') as typeof import('graphql-shield');

type AccessMap = Readonly<Record<string, Readonly<Record<string, FieldAccess>>>>;
type Args = Record<string, unknown>;
type Resolve = (parent: unknown, args: Args, context: RequestContext, info: GraphQLResolveInfo) => unknown;
type Middleware = (
  resolve: Resolve,
  parent: unknown,
  args: Args,
  context: RequestContext,
  info: GraphQLResolveInfo,
) => unknown;

export interface ExemptionRule {
  /** Whether other limits count this call. */
  isExempt(args: Args, context: RequestContext): Promise<boolean>;
  /** How an exempt call ended. */
  ended(context: RequestContext, outcome: Outcome): Promise<void>;
}

export interface GuardParts {
  readonly map: AccessMap;
  readonly limiter: RateLimiter<RequestContext>;
  /** Whether a call is exempt from its row's limits, and how it ended. Asked and told once for each call. */
  readonly exemptions: Readonly<Record<Exemption, ExemptionRule>>;
  /** Throws BAD_USER_INPUT or WEAK_PASSWORD for the arguments of one field. */
  readonly refuseBadInput: (args: Args, info: GraphQLResolveInfo) => void;
}

/**
 * Puts every field behind its row of the access map: first its rate limits, then its rule, then the check of its arguments.
 * Fields whose rule lets everybody through stay as they are. Throws a TypeError for a field without a row, and for a row
 * without a field: whoever adds the one must write the other.
 */
export function guardSchema(schema: GraphQLSchema, parts: GuardParts): GraphQLSchema {
  const fields = fieldsOf(schema);
  refuseGaps(fields, parts.map);
  const generator = shield(ruleTree(parts), {
    // Whatever the tree forgets is refused. Shield's own default allows.
    fallbackRule: deny,
    // Without this a resolver's own errors would be swallowed.
    fallbackError: (error: unknown) => (error instanceof Error ? error : new AppError('FORBIDDEN', 'Not allowed.')),
  });
  const shielded = generator.generate(schema) as Record<string, Record<string, Middleware>>;
  const guards: Record<string, Record<string, Middleware>> = {};
  for (const [type, field] of fields) {
    const access = parts.map[type]?.[field];
    if (!access) continue;
    const middleware = middlewareOf(access, shielded[type]?.[field], parts);
    if (middleware) guards[type] = { ...guards[type], [field]: middleware };
  }
  const guarded = applyMiddleware(schema, guards as Parameters<typeof applyMiddleware>[1]);
  hideFields(guarded, parts.map);
  return guarded;
}

/** By the resolver itself: one page asks for hundreds of such values, and a middleware makes a function for each. */
function hideFields(schema: GraphQLSchema, map: AccessMap): void {
  for (const [type, name, field] of fieldsOf(schema)) {
    const rule = map[type]?.[name]?.rule;
    if (rule?.kind === 'hidden') field.resolve = hide(rule.mayRead, field.resolve ?? defaultFieldResolver);
  }
}

function middlewareOf(
  access: FieldAccess,
  shielded: Middleware | undefined,
  parts: GuardParts,
): Middleware | undefined {
  const { rule: accessRule, limits } = access;
  if (accessRule.kind === 'hidden' || (accessRule.kind === 'open' && limits.length === 0)) return undefined;
  if (!shielded) throw new TypeError('graphql-shield made no guard for a field that has a rule');
  const checked = inOrder(shielded, (resolve, parent, args, context, info) => {
    parts.refuseBadInput(args, info);
    return resolve(parent, args, context, info);
  });
  return limits.length === 0 ? checked : settleAfter(checked, access, parts);
}

/** `outer` around `inner` around the resolver. */
const inOrder =
  (outer: Middleware, inner: Middleware): Middleware =>
  (resolve, parent, args, context, info) =>
    outer((p, a, c, i) => inner(resolve, p, a, c, i), parent, args, context, info);

/** Null for what the viewer may not read; the audit plugin tells of it once an operation. */
const hide =
  (
    mayRead: (parent: unknown, context: RequestContext) => boolean,
    resolve: GraphQLFieldResolver<unknown, RequestContext>,
  ): GraphQLFieldResolver<unknown, RequestContext> =>
  (parent, args, context, info) => {
    if (mayRead(parent, context)) return resolve(parent, args, context, info);
    context.hiddenFields += 1;
    return null;
  };

/** Limits that count failures get the attempt back after a success; all get it back where nothing was tried. */
const settleAfter =
  (guarded: Middleware, { limits, exempt }: FieldAccess, { limiter, exemptions }: GuardParts): Middleware =>
  async (resolve, parent, args, context, info) => {
    const answer = await guarded(resolve, parent, args, context, info);
    // graphql-shield answers an error as a value.
    const error = answer instanceof GraphQLError ? answer.originalError : answer;
    const outcome = outcomeOf(error instanceof Error ? error : undefined);
    if (exempt) await exemptions[exempt].ended(context, outcome);
    if (outcome !== 'failed') await limiter.giveBack(limits, args, context, outcome);
    return answer;
  };

function ruleTree(parts: GuardParts) {
  return Object.fromEntries(
    Object.entries(parts.map).map(([type, fields]) => [
      type,
      Object.fromEntries(Object.entries(fields).map(([field, access]) => [field, toShieldRule(access, parts)])),
    ]),
  );
}

/** One rule for limits and access, in this order: shield's own `and` runs its parts at once. */
function toShieldRule({ rule: access, limits, exempt }: FieldAccess, { limiter, exemptions }: GuardParts) {
  return rule({ cache: 'no_cache' })(
    async (parent: unknown, args: Args, context: RequestContext, info: GraphQLResolveInfo) => {
      // Shield takes what is thrown here for a plain denial; only what is returned keeps its code.
      try {
        const isExempt = exempt !== undefined && (await exemptions[exempt].isExempt(args, context));
        const counted = isExempt ? [] : limits;
        const refusal: AppError | undefined =
          (counted.length > 0 ? await limiter.check(counted, parent, args, context, info) : undefined) ??
          (access.kind === 'guard' ? await access.refuse(context) : undefined);
        return refusal === undefined ? true : locate(refusal, info);
      } catch (error) {
        return error instanceof Error ? locate(error, info) : false;
      }
    },
  );
}

/** What graphql-js would make of a refusal, but without the stack frames that it collects and formats even where nobody reads them. */
const locate = (error: Error, { fieldNodes, path }: GraphQLResolveInfo): Error =>
  error instanceof AppError ? withoutFrames(() => locatedError(error, fieldNodes, responsePathAsArray(path))) : error;

function fieldsOf(schema: GraphQLSchema) {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter((type) => !isIntrospectionType(type))
    .flatMap((type) => Object.values(type.getFields()).map((field) => [type.name, field.name, field] as const));
}

function refuseGaps(fields: readonly (readonly [string, string, unknown])[], map: AccessMap): void {
  const served = new Set(fields.map(([type, field]) => `${type}.${field}`));
  const mapped = Object.entries(map).flatMap(([type, row]) => Object.keys(row).map((field) => `${type}.${field}`));
  const unmapped = [...served].filter((name) => !mapped.includes(name));
  const unserved = mapped.filter((name) => !served.has(name));
  if (unmapped.length > 0) throw new TypeError(`The access map has no row for ${unmapped.join(', ')}.`);
  if (unserved.length > 0) throw new TypeError(`The access map has rows for no field: ${unserved.join(', ')}.`);
}
