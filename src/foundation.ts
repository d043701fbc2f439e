import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../ormconfig.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import { DayKeys } from './audit/day-keys.ts';
import { HeadFile } from './audit/head-file.ts';
import { Sealer } from './audit/sealer.ts';
import type { Config } from './config.ts';
import { DataKeys } from './crypto/data-keys.ts';
import type { Keyring } from './crypto/keyring.ts';
import { loadKeyring } from './crypto/load-keyring.ts';
import { checkKeyring } from './keys/keyring-check.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { prepareDataDir } from './platform/data-dir.ts';
import { asOwner, type DatabaseConnection, openDatabase } from './platform/database.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts';
import { type Logger, makeLogger } from './platform/logger.ts';
import { migrate } from './platform/migrate.ts';
import { findRole } from './platform/migrations.repository.ts';
import { PipelinedClients } from './platform/pipelined-clients.ts';
import { prepareWith } from './platform/prepared-statements.ts';
import { type Random, systemRandom } from './platform/random.ts';
import type { Secret } from './platform/secret.ts';

/** What tests put in place of the world: time, randomness and the log; and a machine that is never too slow. */
export interface FoundationSeams {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly databaseLimits?: Pick<DatabaseConnection, 'statementMs' | 'connectMs'>;
}

/** What the server and every command stand on: keys, a migrated database, the audit trail. */
export interface Foundation {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly keyring: Keyring;
  /** A development keyring was made at this start. */
  readonly madeKeyring: boolean;
  readonly database: DataSource;
  /** Connections to the primary that all requests share; undefined where they are off. They open at the first read. */
  readonly reads: PipelinedClients | undefined;
  readonly dataKeys: DataKeys;
  readonly dayKeys: DayKeys;
  readonly audit: AuditTrail;
  /** Seals the trail: while a server runs, and at `close` what is left. */
  readonly sealer: Sealer;
  /** Where this node keeps the newest head. */
  readonly headFile: HeadFile;
  /** Runs work as the owner of the tables, on a connection that is open for it alone. */
  asOwner<T>(work: (owner: DataSource) => Promise<T>): Promise<T>;
  /** Seals the tail of the audit trail, closes the database, and stops the embedded one when nobody else uses it. */
  close(): Promise<void>;
}

/** The database as its two roles reach it. */
export interface DatabaseUrls {
  readonly ownerUrl: Secret;
  readonly serverUrl: Secret;
  stop(): Promise<void>;
}

/** A change that waits longer for somebody's row waits on a connection of its own: behind it stand others. */
const CHANGE_LOCK_MS = 100;

/** Opens everything. Throws an Error that says what to do, and leaves nothing running behind. */
export async function openFoundation(config: Config, seams: FoundationSeams = {}): Promise<Foundation> {
  const { clock = systemClock, random = systemRandom, logger = makeLogger(config.logLevel) } = seams;
  prepareDataDir(config.dataDir);
  const { keyring, isNew } = await loadKeyring(config.keyring, { production: config.production, random });
  const urls = await openDatabaseUrls(config, logger);
  try {
    const ran = await migrate(dataSourceOptions, urls, () => logger.info('migrating the database'));
    if (ran.length > 0) logger.info('database migrated', { migrations: ran.join(' ') });
    const connection = { url: urls.serverUrl, pool: config.databasePool, ...seams.databaseLimits };
    const database = await openDatabase(dataSourceOptions, connection);
    await refusePowerfulRole(config, database);
    const dataKeys = new DataKeys(keyring, clock, random);
    await checkKeyring(database.manager, keyring, dataKeys).catch(async (error: unknown) => {
      await database.destroy();
      throw error;
    });
    const share = (name: string, connections: number, lockMs: number) =>
      config.databasePipeline ? new PipelinedClients(urls.serverUrl, { name, connections, lockMs }) : undefined;
    const reads = share('gatehouse-reads', 2, 0);
    const changes = share('gatehouse-changes', 4, CHANGE_LOCK_MS);
    if (changes) prepareWith(database, changes);
    const dayKeys = new DayKeys({ keyring, clock, random });
    const node = hostname();
    const audit = new AuditTrail({ keyring, clock, random, dayKeys, node });
    const headFile = new HeadFile(join(config.dataDir, 'audit-head'), random);
    const sealer = new Sealer({ database, audit, keyring, clock, logger, node, headFile });
    await sealer.load().catch(async (error: unknown) => {
      await database.destroy();
      throw error;
    });
    return {
      clock,
      random,
      logger,
      keyring,
      madeKeyring: isNew,
      database,
      reads,
      dataKeys,
      dayKeys,
      audit,
      sealer,
      headFile,
      asOwner: (work) => asOwner(dataSourceOptions, { url: urls.ownerUrl, pool: 1 }, work),
      close: async () => {
        await sealer.stop();
        await reads?.stop();
        await changes?.stop();
        await database.destroy();
        await urls.stop();
      },
    };
  } catch (error) {
    await urls.stop();
    throw error;
  }
}

/** The configured database, or the embedded one: started or joined, and let go of by `stop`. Migrates nothing. */
export async function openDatabaseUrls(
  { databaseUrl, migrationDatabaseUrl, dataDir, logLevel }: Config,
  logger: Logger = makeLogger(logLevel),
): Promise<DatabaseUrls> {
  if (!databaseUrl) return startEmbeddedPostgres({ dataDir, logger });
  return { ownerUrl: migrationDatabaseUrl ?? databaseUrl, serverUrl: databaseUrl, stop: async () => undefined };
}

/** Whoever takes over a server that is the owner of its tables, or a superuser, could change the audit trail. */
async function refusePowerfulRole({ production, auditSingleRole }: Config, database: DataSource): Promise<void> {
  if (!production || auditSingleRole) return;
  const role = await findRole(database.manager);
  if (!role.isPowerful) return;
  await database.destroy();
  throw new Error(
    `DATABASE_URL connects as "${role.name}", which could change the audit trail: give it a role that owns nothing, and the owner's URL as MIGRATION_DATABASE_URL; or set AUDIT_SINGLE_ROLE=accept`,
  );
}
