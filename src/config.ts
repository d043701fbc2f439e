import type { LogLevel } from './platform/logger.ts';
import type { Secret } from './platform/secret.ts';

/** Where the keyring comes from, in the order of precedence that `settings.ts` documents. */
export type KeyringSource =
  | { readonly kind: 'text'; readonly text: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: readonly string[] }
  /** Outside production, when nothing is set: made in DATA_DIR at the first start. */
  | { readonly kind: 'development'; readonly path: string };

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
  readonly redisUrl: Secret | undefined;
  readonly nodes: number;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly mailUrl: Secret | undefined;
  readonly mailFrom: string;
  readonly keyring: KeyringSource;
  readonly tokenAlg: 'EdDSA' | 'ES256';
  readonly tokenAudience: string;
  readonly accessTokenSeconds: number;
  readonly registration: 'open' | 'closed';
  readonly introspection: boolean;
  readonly playground: boolean;
  readonly schemaEndpoint: boolean;
  readonly logLevel: LogLevel;
  /** The server's own database role may be the owner (AUDIT_SINGLE_ROLE=accept). */
  readonly auditSingleRole: boolean;
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
  /** Settings of `limits/`: maxima of documents, and of the rows of the rate-limit table by their names. */
  readonly documents: DocumentLimits;
  readonly rateLimits: Readonly<Record<string, number>>;
  readonly addressLimit: number;
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
