import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoginMethod } from './access/login-methods.ts';
import { makeAccounts } from './accounts.ts';
import { AuditQueue } from './audit/audit-queue.ts';
import { LimitRefusals } from './audit/limit-refusals.ts';
import { setRetentionFloor } from './audit/retention.repository.ts';
import { ScheduledVerification } from './audit/scheduled-verification.ts';
import { type Config, withPort } from './config.ts';
import { type Foundation, type FoundationSeams, openFoundation } from './foundation.ts';
import { makeGates } from './gates.ts';
import { makeContext } from './graphql/context.ts';
import { closeHttpApp, makeHttpApp } from './http/app.ts';
import { findFreePort } from './http/free-port.ts';
import { makeGraphqlHandler } from './http/graphql-route.ts';
import { databaseCheck } from './http/health.ts';
import { makeAtomicStore } from './limits/atomic-store.ts';
import { makeRateLimitTable } from './limits/rate-limits.ts';
import type { MailTransport } from './mail/mail-transport.ts';
import { makeTransport } from './mails.ts';
import { judgeBy, readPasswordPolicy } from './password-policy.ts';
import { readDatabaseTime } from './platform/database-time.repository.ts';
import { PACKAGE_FOLDER } from './platform/package-folder.ts';
import type { PasswordPolicy } from './users/password-policy.ts';

/** What tests put in place of the world. */
export interface ServerSeams extends FoundationSeams {
  readonly transport?: MailTransport;
}

export interface RunningServer {
  /** Where it answers, without a trailing slash. */
  readonly url: string;
  /** Where it listens. */
  readonly port: number;
  /** A keyring was made at this start. */
  readonly madeKeyring: boolean;
  /** Ends requests under way, writes what waits to be written, and closes everything. */
  stop(): Promise<void>;
}

const REQUESTS_MS = 2_000;

/** The whole server, put together here and nowhere else. Throws an Error that says what to do, and leaves nothing running. */
export async function startServer(settings: Config, seams: ServerSeams = {}): Promise<RunningServer> {
  const config = settings.port === 0 ? withPort(settings, await findFreePort(settings.host)) : settings;
  const closers: (() => unknown)[] = [];
  // The last opened is the first closed: what stands on something ends before it.
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const foundation = await openFoundation(config, seams);
    closers.push(() => foundation.close());
    await serve(config, foundation, seams.transport ?? makeTransport(config, foundation), closers);
    return { url: config.publicUrl, port: config.port, madeKeyring: foundation.madeKeyring, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Opens all that stands on the foundation, and listens. Each part adds its closer as soon as it runs. */
async function serve(
  config: Config,
  foundation: Foundation,
  transport: MailTransport,
  closers: (() => unknown)[],
): Promise<void> {
  const { clock, random, logger, keyring, database, audit } = foundation;
  const { redisUrl, nodes } = config;
  const policy = await readPasswordPolicy(config);
  const table = makeRateLimitTable(config);
  const store = await makeAtomicStore({ clock, logger, key: keyring.subkey('limits'), redisUrl, nodes });
  closers.push(() => store.stop());
  closers.push(() => transport.close());

  const { verifySeconds, retentionDays } = config.audit;
  await foundation.asOwner((owner) => setRetentionFloor(owner.manager, retentionDays));
  foundation.sealer.start();
  const verification = new ScheduledVerification({ ...foundation, everySeconds: verifySeconds });
  verification.start();
  closers.push(() => verification.stop());
  const auditQueue = new AuditQueue({ trail: audit, manager: database.manager, logger });
  auditQueue.start();
  closers.push(() => auditQueue.stop());
  const limitRefusals = new LimitRefusals({ record: (event) => auditQueue.recordLater(event), clock, logger });
  limitRefusals.start();
  closers.push(() => limitRefusals.stop());

  const accounts = makeAccounts({ config, foundation, transport, auditQueue, policy });
  closers.push(() => accounts.stop());
  await accounts.start();

  const judgePassword = judgeBy(policy);
  const facts = serverFacts(config, policy);
  const gates = makeGates({
    config,
    foundation,
    accounts,
    auditQueue,
    limitRefusals,
    store,
    table,
    facts,
    judgePassword,
  });
  await gates.apollo.start();
  closers.push(() => gates.apollo.stop());
  const { readToken } = gates;
  const app = await makeHttpApp({
    config,
    logger,
    clock,
    random,
    hitAddress: async (clientKey) => {
      const { allowed, retryAfterSeconds } = await store.hit(table.addressByClient, clientKey);
      return allowed ? 0 : retryAfterSeconds;
    },
    handleGraphql: makeGraphqlHandler(
      gates.apollo,
      (request) =>
        makeContext(request, {
          readToken,
          findViewer: (credentials) => accounts.viewers.find(credentials),
          isRecent: ({ authenticatedAt }) =>
            clock.now().getTime() - authenticatedAt.getTime() <= config.recentLoginSeconds * 1000,
        }),
      gates,
    ),
    readinessChecks: [databaseCheck(() => readDatabaseTime(database.manager), clock)],
    readJwks: async () => accounts.signingKeys.jwks(),
    sdl: gates.sdl,
    playgroundFolder: join(PACKAGE_FOLDER, 'dist/playground'),
  });
  closers.push(() => closeHttpApp(app, REQUESTS_MS));
  await app.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
    const isTaken = typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken ? new Error(`Port ${config.port} is taken: stop what listens there, or set PORT to another`) : error;
  });
}

const serverFacts = (config: Config, policy: PasswordPolicy) => ({
  version: readVersion(),
  registrationOpen: config.registration === 'open',
  passwordPolicy: { minLength: policy.minLength, maxLength: policy.maxLength, refuses: policy.refuses },
  loginMethods: [LoginMethod.PASSWORD],
  secondFactorMethods: [],
  recentLoginSeconds: config.recentLoginSeconds,
});

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8'));
  return version;
}
