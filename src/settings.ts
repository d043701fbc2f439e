import type { LogLevel } from './platform/logger.ts';
import type { Kind, SettingFacts } from './setting-kinds.ts';
import * as kinds from './setting-kinds.ts';

/** One setting of the environment. An empty text counts as not set. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** The text that stands in when it is not set; undefined leaves the value undefined. */
  defaultText(facts: SettingFacts): string | undefined;
  /** How the README shows the default. */
  readonly shownDefault: string;
  /** What it does, in a sentence or two. */
  readonly help: string;
  /** Taken from the file that NAME_FILE names as well, as every secret is. */
  readonly takesFile: boolean;
}

const set = <T>(kind: Kind<T>, text: string, help: string): Setting<T> => ({
  kind,
  defaultText: () => text,
  shownDefault: `\`${text}\``,
  help,
  takesFile: false,
});

const optional = <T>(kind: Kind<T>, shownDefault: string, help: string): Setting<T | undefined> => ({
  kind,
  defaultText: () => undefined,
  shownDefault,
  help,
  takesFile: false,
});

const secret = <T>(kind: Kind<T>, shownDefault: string, help: string): Setting<T | undefined> => ({
  ...optional(kind, shownDefault, help),
  takesFile: true,
});

const openOutsideProduction = (help: string): Setting<boolean> => ({
  ...set(kinds.onOff, 'on', help),
  defaultText: ({ production }) => (production ? 'off' : 'on'),
  shownDefault: '`on`, in production `off`',
});

const accept = (help: string): Setting<boolean> => set(kinds.acceptance, 'refuse', `\`accept\` ${help}`);

const list = <T>(kind: Kind<readonly T[]>, help: string): Setting<readonly T[]> => ({
  ...set(kind, '', help),
  shownDefault: 'none',
});

const number = (bounds: readonly [number, number], byDefault: number, help: string): Setting<number> =>
  set(kinds.wholeNumber(...bounds), String(byDefault), help);

const LOG_LEVELS = [
  'fatal',
  'error',
  'warn',
  'info',
  'debug',
  'trace',
  'silent',
] as const satisfies readonly LogLevel[];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Every setting there is, in the order in which the README lists them. The table is the one source for the loader, the README
 * and their tests. KEYRING_FILE has a row of its own: it is read again when keys are added.
 */
export const SETTINGS = {
  NODE_ENV: set(
    kinds.oneOf('production', 'development', 'test'),
    'development',
    '`production` refuses to start with anything weak or missing, and lists all of it.',
  ),

  HOST: set(kinds.listenHost, '127.0.0.1', 'Address to listen on.'),
  PORT: set(kinds.port, '4000', 'Port to listen on; 0 takes a free one.'),
  PUBLIC_URL: optional(
    kinds.httpOrigin,
    '`http://localhost:PORT`',
    'Origin of this server as clients see it; also the issuer of its tokens. Production needs https.',
  ),
  APP_URL: optional(
    kinds.httpUrl,
    'PUBLIC_URL',
    'Front end whose pages mails link to, as `APP_URL/verify-email#token=…`.',
  ),
  ALLOWED_HOSTS: list(
    kinds.hosts,
    "Host headers taken besides PUBLIC_URL's; outside production loopback names always are.",
  ),
  CORS_ORIGINS: list(kinds.origins, "Origins of browser front ends besides the server's own, with credentials."),
  TRUSTED_PROXIES: list(
    kinds.addressRanges,
    'Addresses and CIDR ranges of the proxies whose X-Forwarded-For and X-Request-Id count.',
  ),
  TLS_CERT_FILE: optional(kinds.path, 'none', 'Certificate chain in PEM, to serve TLS without a proxy.'),
  TLS_KEY_FILE: optional(kinds.path, 'none', 'Private key of TLS_CERT_FILE.'),
  TLS_RELOAD_SECONDS: number(
    [1, DAY],
    10,
    'How often the two files are looked at. A new pair that fits is served without a restart.',
  ),
  BODY_LIMIT_BYTES: number([1_000, 10_000_000], 100_000, 'Longest request body.'),
  REQUEST_SECONDS: number([1, 600], 30, 'A request whose headers or body take longer is cut.'),
  KEEP_ALIVE_SECONDS: number([1, 3_600], 65, 'How long an idle connection stays open.'),
  MAX_CONNECTIONS: number([10, 1_000_000], 10_000, 'Connections at once; one more is closed unheard.'),
  SHED_DELAY_MS: number([50, 60_000], 1_000, 'Mean delay of the event loop above which requests are refused as BUSY.'),
  SHED_HEAP_MIB: optional(
    kinds.wholeNumber(64, 1_000_000),
    "90 % of Node's limit",
    'Heap above which requests are refused as BUSY.',
  ),

  DATA_DIR: set(kinds.path, '.data', 'Directory for the embedded PostgreSQL, development keys, and mails as files.'),
  DATABASE_URL: secret(
    kinds.secretUrl('postgres', 'postgresql'),
    'the embedded PostgreSQL',
    'PostgreSQL to serve from. Required in production.',
  ),
  MIGRATION_DATABASE_URL: secret(
    kinds.secretUrl('postgres', 'postgresql'),
    'DATABASE_URL',
    "The same database as its owner, for migrations, so that the server's own role need not be the owner.",
  ),
  DATABASE_POOL: number([1, 1_000], 10, 'Connections to PostgreSQL.'),
  DATABASE_PIPELINE: set(
    kinds.onOff,
    'on',
    'Six more connections that all requests share, for who is logged in and for changes that are one statement, with prepared statements there and in the pool; `off` where a pooler between cannot take that.',
  ),
  REDIS_URL: secret(
    kinds.secretUrl('redis', 'rediss'),
    'none',
    'Redis or Valkey in which several nodes share their limits.',
  ),
  NODES: number([1, 1_000], 1, 'How many nodes run; without Redis each takes its share of every limit.'),

  MAIL_URL: secret(
    kinds.secretUrl('smtp', 'smtps'),
    'files in `DATA_DIR/outbox`',
    'Where mails go, as `smtps://user:password@host`.',
  ),
  MAIL_FROM: optional(kinds.mailbox, "`Gatehouse <no-reply@HOST>` of APP_URL's", 'Sender of mails.'),

  KEYRING: optional(
    kinds.secretText,
    'made in DATA_DIR',
    'The keyring, a JSON text. One of the three is required in production.',
  ),
  KEYRING_FILE: optional(kinds.path, 'none', 'File that holds the keyring.'),
  KEYRING_COMMAND: optional(
    kinds.command,
    'none',
    'Program that prints the keyring: its path, or a JSON array with arguments. It runs without a shell.',
  ),
  TOKEN_ALG: set(
    kinds.oneOf('EdDSA', 'ES256'),
    'EdDSA',
    'Signature of access tokens; ES256 for verifiers that lack EdDSA.',
  ),
  TOKEN_AUDIENCE: optional(kinds.word, 'PUBLIC_URL', 'Audience of access tokens: this server takes no other.'),
  AUDIENCES: list(kinds.audiences, 'Other services that serviceToken gives access tokens for.'),
  ACCESS_TOKEN_SECONDS: number([60, HOUR], 600, 'Life of an access token.'),
  SIGNING_KEY_SECONDS: number(
    [HOUR, 400 * DAY],
    30 * DAY,
    'How long a key signs access tokens before the next one does.',
  ),

  REGISTRATION: set(kinds.oneOf('open', 'closed'), 'open', 'Whether people may register themselves.'),
  INTROSPECTION: openOutsideProduction('Whether GraphQL introspection is answered.'),
  PLAYGROUND: openOutsideProduction('Whether `/` serves the playground.'),
  SCHEMA_ENDPOINT: openOutsideProduction('Whether `/schema.graphql` serves the schema.'),
  TRUSTED_DOCUMENTS: set(
    kinds.oneOf('off', 'prefer', 'require'),
    'off',
    'Documents that run by their id: none, those of the file beside any text, or those of the file alone (docs/trusted-documents.md).',
  ),
  TRUSTED_DOCUMENTS_FILE: optional(
    kinds.path,
    'none',
    "Their texts by their SHA-256, as codegen's client preset, Relay's compiler or Apollo writes them.",
  ),
  LOG_LEVEL: set(kinds.oneOf(...LOG_LEVELS), 'info', 'How much is logged.'),

  RECENT_LOGIN_SECONDS: number([MINUTE, DAY], 10 * MINUTE, 'How old a login may be for what needs a recent one.'),
  SESSION_IDLE_SECONDS: number([5 * MINUTE, 400 * DAY], 14 * DAY, 'A session unused for so long ends.'),
  SESSION_ABSOLUTE_SECONDS: number([5 * MINUTE, 400 * DAY], 90 * DAY, 'A session ends after so long in any case.'),
  PRIVILEGED_SESSION_IDLE_SECONDS: number([5 * MINUTE, 30 * DAY], 30 * MINUTE, 'The same for holders of permissions.'),
  PRIVILEGED_SESSION_ABSOLUTE_SECONDS: number(
    [5 * MINUTE, 30 * DAY],
    12 * HOUR,
    'The same for holders of permissions.',
  ),
  SESSIONS_PER_USER: number([1, 1_000], 100, 'Live sessions of one person; one more ends the oldest.'),
  REFRESH_GRACE_SECONDS: number(
    [1, MINUTE],
    10,
    'How long a used refresh token answers its successor again, for two tabs at once.',
  ),
  KEEP_ENDED_SESSIONS_SECONDS: number(
    [HOUR, 400 * DAY],
    7 * DAY,
    'How long the row of an ended session is kept; what became of it stands in the audit trail.',
  ),
  KEEP_ENDED_DEVICES_SECONDS: number([HOUR, 400 * DAY], DAY, 'The same for known devices that are spent or ended.'),
  KEEP_ENDED_TOKENS_SECONDS: number([HOUR, 400 * DAY], DAY, 'The same for mailed tokens that were used or ran out.'),
  KEEP_UNVERIFIED_SECONDS: number(
    [DAY, 400 * DAY],
    30 * DAY,
    'How long a registration waits to be verified before it is deleted.',
  ),
  AUDIT_RETENTION_DAYS: optional(
    kinds.wholeNumber(30, 36_500),
    'for ever',
    'How long the audit trail is kept; then its oldest sealed batches are dropped whole, as its owner allows.',
  ),
  AUDIT_VERIFY_SECONDS: number([HOUR, 400 * DAY], DAY, 'How often one node verifies the whole audit trail.'),
  CLEAN_UP_SECONDS: number([MINUTE, DAY], HOUR, 'How often rows past their time are removed.'),

  PASSWORD_MIN_LENGTH: number([8, 64], 15, 'Shortest password, in characters.'),
  ARGON2_MEMORY_KIB: number([12_288, 4_194_304], 19_456, 'Memory of one password hash.'),
  ARGON2_PASSES: number([1, 100], 2, 'Passes of one password hash.'),
  HASH_CONCURRENCY: {
    ...set(
      kinds.wholeNumber(1, 1_024),
      '1',
      'Password hashes at once, always below the number of cores (at least one).',
    ),
    // libuv's pool has four threads, and everything else that needs one would wait behind the hashes.
    defaultText: ({ cores }) => String(Math.max(1, Math.min(cores - 1, 3))),
    shownDefault: 'cores − 1, from 1 to 3',
  },
  HASH_QUEUE: number([1, 10_000], 32, 'Password hashes that may wait; one more is BUSY.'),
  HASH_QUEUE_MS: number([100, MINUTE * 1_000], 3_000, 'How long one may wait before it is BUSY.'),

  VERIFY_TOKEN_SECONDS: number([5 * MINUTE, 30 * DAY], DAY, 'Life of the token that verifies an address.'),
  RESET_TOKEN_SECONDS: number([5 * MINUTE, DAY], 30 * MINUTE, 'Life of the token that resets a password.'),
  CHANGE_TOKEN_SECONDS: number([5 * MINUTE, 7 * DAY], HOUR, 'Life of the token that confirms a new address.'),
  SET_PASSWORD_TOKEN_SECONDS: number([5 * MINUTE, 30 * DAY], 3 * DAY, 'Life of the token that sets a first password.'),
  REVERT_TOKEN_SECONDS: number([DAY, 90 * DAY], 7 * DAY, 'Life of the token that undoes a change of address.'),

  DOCUMENT_DEPTH: number([1, 50], 12, 'Nested selection sets of a document.'),
  DOCUMENT_INTROSPECTION_DEPTH: number([1, 50], 20, 'The same below `__schema` and `__type`.'),
  DOCUMENT_COST: number([1, 100_000], 500, 'Fields of a document, each counted as often as it is written.'),
  DOCUMENT_ALIASES: number([1, 1_000], 20, 'Aliases of a document.'),
  DOCUMENT_DIRECTIVES: number([1, 1_000], 50, 'Directives of a document.'),
  DOCUMENT_TOKENS: number([10, 100_000], 2_000, 'Lexical tokens of a document.'),
  DOCUMENT_ROOT_FIELDS: number([1, 100], 10, 'Root fields of an operation.'),
  ADDRESS_LIMIT: number(
    [10, 1_000_000],
    1_000,
    'Requests of one client (an IPv4 address, or the /64 of an IPv6 one) in 10 s.',
  ),

  DEV_EXPOSE: accept('lets a server outside production be reached from other machines.'),
  AUDIT_SINGLE_ROLE: accept(
    "lets the server's own database role be the owner, which could then change the audit trail.",
  ),
  PLAIN_HTTP: accept('lets production serve without TLS and without a trusted proxy in front.'),
  CORS_PLAINTEXT: accept('lets production take http: origins in CORS_ORIGINS.'),
  DATABASE_PLAINTEXT: accept('lets production reach a far PostgreSQL without `sslmode=verify-full`.'),
  REDIS_PLAINTEXT: accept('lets production reach a far Redis without `rediss:`.'),
  SMTP_PLAINTEXT: accept('lets production send mail to a far host without verified TLS.'),
  MAIL_OUTBOX: accept('lets production start without MAIL_URL: mails are files that nobody receives.'),
} satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

/** The parsed value of each setting. */
export type SettingValues = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};

/** The variable that overrides a row of the rate-limit table: `LIMIT_` and the row's name in capitals. */
export const limitVariable = (row: string): string =>
  `LIMIT_${row
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()}`;

/** What a LIMIT_ variable takes. */
export const limitKind = kinds.wholeNumber(1, 1_000_000_000);

/** The README's table of settings, in Markdown. */
export function settingsTable(rateLimitNames: readonly string[] = []): string {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, { shownDefault, help, takesFile }]) => {
    const names = takesFile ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
    return `| ${names} | ${shownDefault} | ${help} |`;
  });
  const limits = rateLimitNames.map(
    (name) => `| \`${limitVariable(name)}\` | see docs/limits.md | Maximum of that limit. |`,
  );
  return ['| Setting | Default | What it does |', '|---|---|---|', ...rows, ...limits, ''].join('\n');
}
