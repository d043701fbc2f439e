import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenRules, type ConfigFault, configWarnings, type SettledValues } from './config-rules.ts';
import type { KeyringSource } from './crypto/load-keyring.ts';
import type { LogLevel } from './platform/logger.ts';
import type { Secret } from './platform/secret.ts';
import type { SettingFacts } from './setting-kinds.ts';
import { limitKind, limitVariable, SETTINGS, type Setting, type SettingValues } from './settings.ts';

/** Every setting, parsed, checked as a whole and frozen. Durations are in the unit that their name ends with. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Origin of this server as clients see it, without a trailing slash. Also issuer of tokens. */
  readonly publicUrl: string;
  /** Origin and path of the front end that mails link to, without a trailing slash. */
  readonly appUrl: string;
  /** This server's own origins: PUBLIC_URL's and, outside production, http://127.0.0.1:PORT. */
  readonly ownOrigins: readonly string[];
  /** Host header values taken besides PUBLIC_URL's (lower case, with port where one is given). */
  readonly allowedHosts: readonly string[];
  readonly dataDir: string;
  /** Undefined: the embedded PostgreSQL in DATA_DIR. */
  readonly databaseUrl: Secret | undefined;
  readonly migrationDatabaseUrl: Secret | undefined;
  readonly databasePool: number;
  readonly databasePipeline: boolean;
  readonly redisUrl: Secret | undefined;
  readonly nodes: number;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly mailUrl: Secret | undefined;
  readonly mailFrom: string;
  readonly keyring: KeyringSource;
  readonly tokenAlg: 'EdDSA' | 'ES256';
  readonly tokenAudience: string;
  /** Other services that `serviceToken` gives tokens for; never this server's own audience. */
  readonly audiences: readonly string[];
  readonly accessTokenSeconds: number;
  /** How long a key signs before the next one does. */
  readonly signingKeySeconds: number;
  readonly registration: 'open' | 'closed';
  readonly introspection: boolean;
  readonly playground: boolean;
  readonly schemaEndpoint: boolean;
  readonly trustedDocuments: { readonly mode: TrustedDocumentsMode; readonly file: string | undefined };
  readonly logLevel: LogLevel;
  /** The server's own database role may be the owner (AUDIT_SINGLE_ROLE=accept). */
  readonly auditSingleRole: boolean;
  readonly audit: {
    /** Undefined: for ever. */
    readonly retentionDays: number | undefined;
    readonly verifySeconds: number;
  };
  readonly recentLoginSeconds: number;
  readonly sessions: {
    readonly idleSeconds: number;
    readonly absoluteSeconds: number;
    readonly privilegedIdleSeconds: number;
    readonly privilegedAbsoluteSeconds: number;
    readonly perUser: number;
    readonly refreshGraceSeconds: number;
  };
  readonly passwords: {
    readonly minLength: number;
    readonly memoryKib: number;
    readonly passes: number;
    /** Hashes running at once; never above cores − 1, at least one. */
    readonly concurrency: number;
    /** Hashes that may wait; one more is BUSY. */
    readonly queue: number;
    /** How long one may wait before it is BUSY. */
    readonly queueMs: number;
  };
  readonly mailTokens: {
    readonly verifySeconds: number;
    readonly resetSeconds: number;
    readonly changeSeconds: number;
    readonly setPasswordSeconds: number;
    readonly revertSeconds: number;
  };
  readonly cleanUp: {
    readonly everySeconds: number;
    /** How long rows are kept after they ended. */
    readonly sessionsSeconds: number;
    readonly devicesSeconds: number;
    readonly mailTokensSeconds: number;
    readonly unverifiedSeconds: number;
  };
  /** Settings of `limits/`: maxima of documents, and of the rows of the rate-limit table by their names where set. */
  readonly documents: DocumentLimits;
  readonly rateLimits: Readonly<Record<string, number>>;
  readonly addressLimit: number;
  readonly http: HttpSettings;
  /** Undefined: plain HTTP, with a proxy in front or none. */
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly reloadSeconds: number } | undefined;
  /** For the log at start, a line each. */
  readonly warnings: readonly string[];
}

/** Documents that run: any text; any text, and those of the manifest by their ids; or the manifest's alone. */
export type TrustedDocumentsMode = SettingValues['TRUSTED_DOCUMENTS'];

/** Bounds of the transport. */
export interface HttpSettings {
  readonly bodyLimitBytes: number;
  /** The longest that headers and body together may take to arrive. */
  readonly requestSeconds: number;
  readonly keepAliveSeconds: number;
  readonly maxConnections: number;
  /** Mean delay of the event loop above which requests are shed. */
  readonly shedDelayMs: number;
  /** Undefined: 90 % of the heap that Node allows itself. */
  readonly shedHeapMib: number | undefined;
}

/** Maxima of one GraphQL document. */
export interface DocumentLimits {
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly cost: number;
  readonly aliases: number;
  readonly directives: number;
  readonly tokens: number;
  readonly rootFields: number;
}

/** The settings do not hold. `message` lists every fault, a line each, naming the setting and what it must be, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map(({ name, text }) => `${name} ${text}.`);
    super(['The settings do not hold:', ...lines.map((line) => `- ${line}`)].join('\n'));
    this.faults = lines;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the machine and the rate-limit table bring to the settings. */
export interface ConfigFacts {
  /** Cores that this process may use (`os.availableParallelism()`). */
  readonly cores: number;
  readonly cwd: string;
  /** Rows of the rate-limit table: each may be overridden by its `LIMIT_` variable. */
  readonly rateLimitNames?: readonly string[];
}

/**
 * All settings of an environment, checked one by one and together, frozen in depth. Files that NAME_FILE variables name are read,
 * nothing else is touched. Throws a `ConfigError` with every fault at once.
 */
export function loadConfig(env: Environment, { cores, cwd, rateLimitNames = [] }: ConfigFacts): Config {
  const facts: SettingFacts = { production: env['NODE_ENV']?.trim() === 'production', cores, cwd };
  const faults: ConfigFault[] = [];

  const read = (name: string, setting: Setting<unknown>): unknown => {
    const text = findText(env, name, setting.takesFile, faults);
    const byDefault = setting.defaultText(facts);
    for (const candidate of [text, byDefault]) {
      const value = candidate === undefined ? undefined : setting.kind.parse(candidate, facts);
      if (value !== undefined) return value;
      if (candidate !== undefined) faults.push({ name, text: `must be ${setting.kind.mustBe(facts)}` });
    }
    return undefined;
  };

  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => [name, read(name, setting)]);
  const values = settle(Object.fromEntries(entries) as SettingValues);
  const rateLimits = rateLimitNames.flatMap((row): [string, number][] => {
    const name = limitVariable(row);
    const text = findText(env, name, false, faults);
    const value = text === undefined ? undefined : limitKind.parse(text, facts);
    if (text !== undefined && value === undefined) faults.push({ name, text: `must be ${limitKind.mustBe(facts)}` });
    return value === undefined ? [] : [[row, value]];
  });

  // Node takes this variable by itself, and with it no certificate is checked by anything that connects from here.
  if (facts.production && env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    faults.push({ name: 'NODE_TLS_REJECT_UNAUTHORIZED', text: 'must not be 0 in production' });
  }
  const misread = new Set(faults.map(({ name }) => name));
  const broken = misread.has('NODE_ENV') ? [] : brokenRules(values);
  faults.push(...broken.filter(({ name }) => !misread.has(name)));
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(toConfig(values, facts, Object.fromEntries(rateLimits)));
}

/** The config once the system has chosen a port for PORT=0: what was derived from the port follows. */
export function withPort(config: Config, port: number): Config {
  const moved = (url: string) => url.replace(/^(https?:\/\/[^/]+):0(?=$|\/)/, `$1:${port}`);
  return deepFreeze({
    ...config,
    port,
    publicUrl: moved(config.publicUrl),
    appUrl: moved(config.appUrl),
    tokenAudience: moved(config.tokenAudience),
    ownOrigins: config.ownOrigins.map(moved),
  });
}

function findText(env: Environment, name: string, takesFile: boolean, faults: ConfigFault[]): string | undefined {
  const text = env[name]?.trim() || undefined;
  const file = takesFile ? env[`${name}_FILE`]?.trim() || undefined : undefined;
  if (file === undefined) return text;
  if (text !== undefined) faults.push({ name, text: `must not be set together with ${name}_FILE` });
  const content = readText(file);
  if (content === undefined)
    faults.push({ name: `${name}_FILE`, text: 'must name a file that can be read and is not empty' });
  return text ?? content;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function settle(values: SettingValues): SettledValues {
  const scheme = values.TLS_CERT_FILE === undefined ? 'http' : 'https';
  const publicUrl = values.PUBLIC_URL ?? `${scheme}://localhost:${values.PORT}`;
  return { ...values, publicUrl, appUrl: values.APP_URL ?? publicUrl };
}

function toKeyringSource(values: SettledValues): KeyringSource {
  if (values.KEYRING !== undefined) return { kind: 'text', text: values.KEYRING };
  if (values.KEYRING_FILE !== undefined) return { kind: 'file', path: values.KEYRING_FILE };
  if (values.KEYRING_COMMAND !== undefined) return { kind: 'command', command: values.KEYRING_COMMAND };
  return { kind: 'development', path: join(values.DATA_DIR, 'keyring.json') };
}

function toConfig(v: SettledValues, { production, cores }: SettingFacts, rateLimits: Record<string, number>): Config {
  const { publicUrl, appUrl } = v;
  const loopbackOrigin = `${new URL(publicUrl).protocol}//127.0.0.1:${v.PORT}`;
  const hasTls = v.TLS_CERT_FILE !== undefined && v.TLS_KEY_FILE !== undefined;
  return {
    production,
    host: v.HOST,
    port: v.PORT,
    publicUrl,
    appUrl,
    ownOrigins: production ? [publicUrl] : [...new Set([publicUrl, loopbackOrigin])],
    allowedHosts: v.ALLOWED_HOSTS,
    dataDir: v.DATA_DIR,
    databaseUrl: v.DATABASE_URL,
    migrationDatabaseUrl: v.MIGRATION_DATABASE_URL ?? v.DATABASE_URL,
    databasePool: v.DATABASE_POOL,
    databasePipeline: v.DATABASE_PIPELINE,
    redisUrl: v.REDIS_URL,
    nodes: v.NODES,
    trustedProxies: v.TRUSTED_PROXIES,
    corsOrigins: v.CORS_ORIGINS,
    mailUrl: v.MAIL_URL,
    mailFrom: v.MAIL_FROM ?? `Gatehouse <no-reply@${new URL(appUrl).hostname}>`,
    keyring: toKeyringSource(v),
    tokenAlg: v.TOKEN_ALG,
    tokenAudience: v.TOKEN_AUDIENCE ?? publicUrl,
    audiences: v.AUDIENCES.filter((audience) => audience !== (v.TOKEN_AUDIENCE ?? publicUrl)),
    accessTokenSeconds: v.ACCESS_TOKEN_SECONDS,
    signingKeySeconds: v.SIGNING_KEY_SECONDS,
    registration: v.REGISTRATION,
    introspection: v.INTROSPECTION,
    playground: v.PLAYGROUND,
    schemaEndpoint: v.SCHEMA_ENDPOINT,
    trustedDocuments: { mode: v.TRUSTED_DOCUMENTS, file: v.TRUSTED_DOCUMENTS_FILE },
    logLevel: v.LOG_LEVEL,
    auditSingleRole: v.AUDIT_SINGLE_ROLE,
    audit: { retentionDays: v.AUDIT_RETENTION_DAYS, verifySeconds: v.AUDIT_VERIFY_SECONDS },
    recentLoginSeconds: v.RECENT_LOGIN_SECONDS,
    sessions: {
      idleSeconds: v.SESSION_IDLE_SECONDS,
      absoluteSeconds: v.SESSION_ABSOLUTE_SECONDS,
      privilegedIdleSeconds: v.PRIVILEGED_SESSION_IDLE_SECONDS,
      privilegedAbsoluteSeconds: v.PRIVILEGED_SESSION_ABSOLUTE_SECONDS,
      perUser: v.SESSIONS_PER_USER,
      refreshGraceSeconds: v.REFRESH_GRACE_SECONDS,
    },
    passwords: {
      minLength: v.PASSWORD_MIN_LENGTH,
      memoryKib: v.ARGON2_MEMORY_KIB,
      passes: v.ARGON2_PASSES,
      concurrency: Math.min(v.HASH_CONCURRENCY, Math.max(1, cores - 1)),
      queue: v.HASH_QUEUE,
      queueMs: v.HASH_QUEUE_MS,
    },
    mailTokens: {
      verifySeconds: v.VERIFY_TOKEN_SECONDS,
      resetSeconds: v.RESET_TOKEN_SECONDS,
      changeSeconds: v.CHANGE_TOKEN_SECONDS,
      setPasswordSeconds: v.SET_PASSWORD_TOKEN_SECONDS,
      revertSeconds: v.REVERT_TOKEN_SECONDS,
    },
    cleanUp: {
      everySeconds: v.CLEAN_UP_SECONDS,
      sessionsSeconds: v.KEEP_ENDED_SESSIONS_SECONDS,
      devicesSeconds: v.KEEP_ENDED_DEVICES_SECONDS,
      mailTokensSeconds: v.KEEP_ENDED_TOKENS_SECONDS,
      unverifiedSeconds: v.KEEP_UNVERIFIED_SECONDS,
    },
    documents: {
      depth: v.DOCUMENT_DEPTH,
      introspectionDepth: v.DOCUMENT_INTROSPECTION_DEPTH,
      cost: v.DOCUMENT_COST,
      aliases: v.DOCUMENT_ALIASES,
      directives: v.DOCUMENT_DIRECTIVES,
      tokens: v.DOCUMENT_TOKENS,
      rootFields: v.DOCUMENT_ROOT_FIELDS,
    },
    rateLimits,
    addressLimit: v.ADDRESS_LIMIT,
    http: {
      bodyLimitBytes: v.BODY_LIMIT_BYTES,
      requestSeconds: v.REQUEST_SECONDS,
      keepAliveSeconds: v.KEEP_ALIVE_SECONDS,
      maxConnections: v.MAX_CONNECTIONS,
      shedDelayMs: v.SHED_DELAY_MS,
      shedHeapMib: v.SHED_HEAP_MIB,
    },
    tls: hasTls
      ? { certFile: v.TLS_CERT_FILE, keyFile: v.TLS_KEY_FILE, reloadSeconds: v.TLS_RELOAD_SECONDS }
      : undefined,
    warnings: configWarnings(v),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
