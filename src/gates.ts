import { createHmac } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { ACCESS_MAP } from './access/access-map.ts';
import { type ExemptionRule, guardSchema } from './access/guard-schema.ts';
import type { Credentials, RequestContext } from './access/request-context.ts';
import type { Accounts } from './accounts.ts';
import type { Actor } from './audit/audit-event.ts';
import type { AuditQueue } from './audit/audit-queue.ts';
import type { LimitRefusals } from './audit/limit-refusals.ts';
import { OperationRefusals } from './audit/operation-refusals.ts';
import type { Config } from './config.ts';
import { TokenExpired, TokenInvalid } from './crypto/access-tokens.ts';
import type { DataKeys } from './crypto/data-keys.ts';
import type { Foundation } from './foundation.ts';
import { makeApollo } from './graphql/apollo.ts';
import { auditPlugin, makeOperationAudit } from './graphql/audit-plugin.ts';
import { printSdl } from './graphql/build-schema.ts';
import { makeDocumentGate } from './graphql/document-gate.ts';
import { readManifest } from './graphql/document-manifest.ts';
import { InputProblems, type JudgePassword } from './graphql/input-problems.ts';
import { KnownDocuments } from './graphql/known-documents.ts';
import { makeFindKnownOperation } from './graphql/known-operations.ts';
import { type ServerFacts, ServerInfoResolver } from './graphql/server-info.ts';
import { makeResolveDocument } from './graphql/trusted-documents.ts';
import type { AtomicStore } from './limits/atomic-store.ts';
import { type Identify, makeRateLimiter } from './limits/rate-limit-rules.ts';
import type { RateLimitTable } from './limits/rate-limits.ts';
import { parseEmailAddress } from './platform/email-address.ts';
import { makeSchema } from './schema.ts';
import type { Devices } from './sessions/devices.ts';
import { isSessionViewer } from './sessions/session.record.ts';
import { bringDeviceToken, bringRefreshToken } from './sessions/token-delivery.ts';
import { ownAct } from './users/own-act.ts';

export interface GatesParts {
  readonly config: Config;
  readonly foundation: Foundation;
  readonly accounts: Accounts;
  readonly auditQueue: AuditQueue;
  readonly limitRefusals: LimitRefusals;
  readonly store: AtomicStore;
  readonly table: RateLimitTable;
  readonly facts: ServerFacts;
  readonly judgePassword: JudgePassword;
}

/** The schema behind its gates: limits, access, checked input, audited refusals. */
export function makeGates(parts: GatesParts) {
  const { config, foundation, accounts, auditQueue, limitRefusals, store, table, facts, judgePassword } = parts;
  const { logger, keyring } = foundation;
  const schema = makeSchema([...accounts.resolvers, new ServerInfoResolver(facts)]);
  const problems = new InputProblems(judgePassword);
  const limitKey = keyring.subkey('limit-refusal');
  const limiter = makeRateLimiter<RequestContext>({
    table,
    store,
    identify,
    refused: (row, identity, context) =>
      limitRefusals.refused({
        limit: row.name,
        key: createHmac('sha256', limitKey).update(identity).digest('base64url'),
        windowSeconds: row.windowSeconds,
        by: actorOf(foundation.dataKeys)(context),
      }),
  });
  const guarded = guardSchema(schema, {
    map: ACCESS_MAP,
    limiter,
    exemptions: { KNOWN_DEVICE: knownDeviceRule(accounts.devices) },
    refuseBadInput: (args, info) => problems.refuseBadInput(args, info),
  });
  const refusals = new OperationRefusals({
    queue: auditQueue,
    limits: limitRefusals,
    actorOf: actorOf(foundation.dataKeys),
    logger,
  });
  const audit = makeOperationAudit({
    refused: (context, refusal) => refusals.refused(context, refusal),
    hidden: (context, fields) => refusals.hidden(context, fields),
    failed: (context, error) => refusals.failed(context, error),
    isRecorded: (error) => auditQueue.isRecorded(error),
  });
  const known = new KnownDocuments();
  const apollo = makeApollo({
    schema: guarded,
    documents: config.documents,
    known,
    // Its documents are texts that no client brings: the manifest holds none that introspects.
    introspection: config.introspection && config.trustedDocuments.mode !== 'require',
    problems,
    logger,
    plugins: [auditPlugin(audit)],
  });
  return {
    apollo,
    resolveDocument: makeDocumentResolver(config, schema),
    findDocumentFault: makeDocumentGate(guarded, config.documents, known),
    findKnownOperation: makeFindKnownOperation({ schema: guarded, known, problems, audit, logger }),
    sdl: printSdl(schema),
    readToken: tokenReader(accounts),
  };
}

/** Throws an Error that names what is wrong with the manifest. */
function makeDocumentResolver({ trustedDocuments: { mode, file }, documents }: Config, schema: GraphQLSchema) {
  const isRead = mode !== 'off' && file !== undefined;
  return makeResolveDocument(mode, isRead ? readManifest(file, { schema, limits: documents }) : new Map());
}

/** Whom a row of the rate-limit table counts, from what the client sent and its token says; never from a look-up. */
const identify: Identify<RequestContext> = (part, args, context) => {
  const { clientKey, credentials } = context;
  const input = inputOf(args);
  switch (part) {
    case 'client':
      return clientKey;
    case 'account':
      return canonicalOf(input.email ?? input.newEmail);
    case 'token':
      return bringRefreshToken(context, typeof input.refreshToken === 'string' ? input.refreshToken : undefined)?.text;
    case 'user':
      return credentials.kind === 'access-token' ? credentials.userId : undefined;
    case 'session':
      return credentials.kind === 'access-token' ? credentials.sessionId : undefined;
  }
};

interface CredentialInput {
  readonly email?: unknown;
  readonly newEmail?: unknown;
  readonly deviceToken?: unknown;
  readonly delivery?: unknown;
  readonly refreshToken?: unknown;
}

/** The `input` argument; what it holds may be anything, and is checked only afterwards. */
const inputOf = ({ input }: Readonly<Record<string, unknown>>): CredentialInput =>
  typeof input === 'object' && input !== null ? input : {};

const canonicalOf = (email: unknown) => (typeof email === 'string' ? parseEmailAddress(email)?.canonical : undefined);

/** A login with the token of a device that was here before is counted by that device, and by nothing else. */
function knownDeviceRule(devices: Devices): ExemptionRule {
  return {
    isExempt: async (args, context) => {
      const { email, deviceToken, delivery } = inputOf(args);
      const argument = typeof deviceToken === 'string' ? deviceToken : undefined;
      const text = bringDeviceToken(context, delivery === 'COOKIE' ? 'COOKIE' : 'BODY', argument);
      const address = text === undefined ? undefined : canonicalOf(email);
      if (address === undefined || text === undefined) return false;
      context.knownDevice = await devices.takeAttempt(text, address);
      return context.knownDevice !== undefined;
    },
    ended: async ({ knownDevice }, outcome) => {
      if (!knownDevice) return;
      await (outcome === 'failed' ? devices.fail(knownDevice) : devices.giveBack(knownDevice));
    },
  };
}

/** Who was refused: whom this request has read, or whom the signed token names; and nobody without either. */
const actorOf =
  (dataKeys: DataKeys) =>
  (context: RequestContext): Actor => {
    const { knownViewer, credentials } = context;
    if (knownViewer && isSessionViewer(knownViewer)) return ownAct(context, knownViewer.user, dataKeys).by;
    if (credentials.kind === 'access-token') return { kind: 'USER', id: credentials.userId, request: context };
    return { kind: 'ANONYMOUS', request: context };
  };

function tokenReader({ accessTokens, signingKeys }: Accounts): (token: string) => Credentials | Promise<Credentials> {
  const read = (token: string): Credentials => {
    const { sub, sid, gen, kid } = accessTokens.verify(token);
    return { kind: 'access-token', userId: sub, sessionId: sid, generation: gen, kid };
  };
  const refusalOf = (error: unknown): Credentials => {
    if (error instanceof TokenExpired) return { kind: 'refused', code: 'TOKEN_EXPIRED' };
    if (error instanceof TokenInvalid) return { kind: 'refused', code: 'UNAUTHENTICATED' };
    throw error;
  };
  return (token) => {
    try {
      return read(token);
    } catch (error) {
      if (!(error instanceof TokenInvalid && error.fault === 'KEY')) return refusalOf(error);
      // Another node may have signed it with a key that is newer than what this one knows.
      return signingKeys
        .look()
        .catch(() => undefined)
        .then(() => read(token))
        .catch(refusalOf);
    }
  };
}
