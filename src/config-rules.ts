import { isLoopbackHost } from './platform/loopback.ts';
import type { Secret } from './platform/secret.ts';
import type { SettingName, SettingValues } from './settings.ts';

/** Something that stops the start: the setting that is to be changed, and what it must be. */
export interface ConfigFault {
  readonly name: string;
  readonly text: string;
}

/** Settings, with PUBLIC_URL, APP_URL and the TLS pair as they came out of their defaults. */
export interface SettledValues extends SettingValues {
  readonly publicUrl: string;
  readonly appUrl: string;
}

type Rule = readonly [name: SettingName, isBroken: (values: SettledValues) => boolean, text: string];

const isHttp = (url: string): boolean => url.startsWith('http:');
const isLoopbackUrl = (url: string): boolean => isLoopbackHost(new URL(url).hostname);

/**
 * Whether a connection leaves this machine. The drivers let a `host` in the query stand in for the host, and a path (of a Unix
 * socket) for a name.
 */
function isFar(url: URL): boolean {
  const named = [url.hostname, ...url.searchParams.getAll('host')].filter((host) => host !== '');
  return !named.every((host) => /^(\/|%2f)/i.test(host) || isLoopbackHost(host));
}

const isWeak = (secret: Secret | undefined, isStrong: (url: URL) => boolean): boolean => {
  if (secret === undefined) return false;
  const url = new URL(secret.reveal());
  return isFar(url) && !isStrong(url);
};

const allAre = (url: URL, key: string, ...wanted: readonly string[]): boolean => {
  const values = url.searchParams.getAll(key);
  return values.length > 0 && values.every((value) => wanted.includes(value));
};

/** The server's certificate and name are checked (ASVS v5.0.0-12.3.2): pg's weaker modes may check neither. */
const isVerifiedPostgres = (url: URL): boolean => allAre(url, 'sslmode', 'verify-full');

const isTlsRedis = (url: URL): boolean => url.protocol === 'rediss:';

/** TLS from the first byte or STARTTLS that must succeed, and none of nodemailer's switches that undo it. */
function isVerifiedSmtp(url: URL): boolean {
  const { searchParams: query } = url;
  const isUndone =
    query.getAll('ignoreTLS').some((value) => value !== 'false') ||
    (query.has('tls.rejectUnauthorized') && !allAre(url, 'tls.rejectUnauthorized', 'true'));
  return !isUndone && (url.protocol === 'smtps:' || allAre(url, 'requireTLS', 'true'));
}

/** OWASP's password storage cheat sheet, argon2id with p=1: the memory in KiB that each number of passes needs at least. */
const ARGON2_FLOOR = [
  [1, 47_104],
  [2, 19_456],
  [3, 12_288],
] as const;

const isBelowArgon2Floor = (memoryKib: number, passes: number): boolean =>
  !ARGON2_FLOOR.some(([floorPasses, floorKib]) => passes >= floorPasses && memoryKib >= floorKib);

const ANYWHERE: readonly Rule[] = [
  [
    'TLS_KEY_FILE',
    (v) => v.TLS_CERT_FILE !== undefined && v.TLS_KEY_FILE === undefined,
    'must be set where TLS_CERT_FILE is',
  ],
  [
    'TLS_CERT_FILE',
    (v) => v.TLS_KEY_FILE !== undefined && v.TLS_CERT_FILE === undefined,
    'must be set where TLS_KEY_FILE is',
  ],
  [
    'KEYRING',
    (v) => [v.KEYRING, v.KEYRING_FILE, v.KEYRING_COMMAND].filter((source) => source !== undefined).length > 1,
    'must not be set together with KEYRING_FILE or KEYRING_COMMAND, nor they two: the keyring has one source',
  ],
  [
    'TRUSTED_DOCUMENTS_FILE',
    (v) => v.TRUSTED_DOCUMENTS !== 'off' && v.TRUSTED_DOCUMENTS_FILE === undefined,
    'must be set where TRUSTED_DOCUMENTS is prefer or require',
  ],
];

/** A development server has known defaults and prints its mails: nobody but this machine may reach it. */
const OUTSIDE_PRODUCTION: readonly Rule[] = [
  [
    'HOST',
    (v) => !v.DEV_EXPOSE && !isLoopbackHost(v.HOST),
    'must be a loopback address outside production, or DEV_EXPOSE=accept',
  ],
  [
    'PUBLIC_URL',
    (v) => !v.DEV_EXPOSE && !isLoopbackUrl(v.publicUrl),
    'must be on a loopback host outside production, or DEV_EXPOSE=accept',
  ],
];

const IN_PRODUCTION: readonly Rule[] = [
  [
    'PUBLIC_URL',
    (v) => v.PUBLIC_URL === undefined || isHttp(v.publicUrl),
    'must be set in production, and begin with https:',
  ],
  ['APP_URL', (v) => isHttp(v.appUrl), 'must begin with https: in production: its links carry tokens'],
  ['DATABASE_URL', (v) => v.DATABASE_URL === undefined, 'must be set in production'],
  [
    'KEYRING',
    (v) => v.KEYRING === undefined && v.KEYRING_FILE === undefined && v.KEYRING_COMMAND === undefined,
    'must be set in production, or KEYRING_FILE or KEYRING_COMMAND',
  ],
  ['MAIL_URL', (v) => v.MAIL_URL === undefined && !v.MAIL_OUTBOX, 'must be set in production, or MAIL_OUTBOX=accept'],
  [
    'TLS_CERT_FILE',
    (v) =>
      v.TLS_CERT_FILE === undefined && v.TLS_KEY_FILE === undefined && v.TRUSTED_PROXIES.length === 0 && !v.PLAIN_HTTP,
    'must be set in production, or TRUSTED_PROXIES where a proxy ends TLS, or PLAIN_HTTP=accept',
  ],
  [
    'CORS_ORIGINS',
    (v) => v.CORS_ORIGINS.some(isHttp) && !v.CORS_PLAINTEXT,
    'must hold no http: origin in production, or CORS_PLAINTEXT=accept',
  ],
  [
    'DATABASE_URL',
    (v) => isWeak(v.DATABASE_URL, isVerifiedPostgres) && !v.DATABASE_PLAINTEXT,
    'must have sslmode=verify-full to a far host in production, or DATABASE_PLAINTEXT=accept',
  ],
  [
    'MIGRATION_DATABASE_URL',
    (v) => isWeak(v.MIGRATION_DATABASE_URL, isVerifiedPostgres) && !v.DATABASE_PLAINTEXT,
    'must have sslmode=verify-full to a far host in production, or DATABASE_PLAINTEXT=accept',
  ],
  [
    'REDIS_URL',
    (v) => isWeak(v.REDIS_URL, isTlsRedis) && !v.REDIS_PLAINTEXT,
    'must begin with rediss: to a far host in production, or REDIS_PLAINTEXT=accept',
  ],
  [
    'MAIL_URL',
    (v) => isWeak(v.MAIL_URL, isVerifiedSmtp) && !v.SMTP_PLAINTEXT,
    'must begin with smtps: or have requireTLS=true to a far host in production, with its certificate checked, or SMTP_PLAINTEXT=accept',
  ],
  [
    'ARGON2_MEMORY_KIB',
    (v) => isBelowArgon2Floor(v.ARGON2_MEMORY_KIB, v.ARGON2_PASSES),
    'must be at least 47104 with ARGON2_PASSES=1, 19456 with 2, or 12288 with 3 or more in production',
  ],
  [
    'SESSION_IDLE_SECONDS',
    (v) => v.SESSION_IDLE_SECONDS > v.SESSION_ABSOLUTE_SECONDS,
    'must not be above SESSION_ABSOLUTE_SECONDS in production',
  ],
  [
    'PRIVILEGED_SESSION_IDLE_SECONDS',
    (v) => v.PRIVILEGED_SESSION_IDLE_SECONDS > v.PRIVILEGED_SESSION_ABSOLUTE_SECONDS,
    'must not be above PRIVILEGED_SESSION_ABSOLUTE_SECONDS in production',
  ],
];

/** Everything about settings that fit one by one and not together, or not here. */
export function brokenRules(values: SettledValues): readonly ConfigFault[] {
  const rules = values.NODE_ENV === 'production' ? IN_PRODUCTION : OUTSIDE_PRODUCTION;
  return [...ANYWHERE, ...rules].filter(([, isBroken]) => isBroken(values)).map(([name, , text]) => ({ name, text }));
}

const ACCEPTANCES: readonly SettingName[] = [
  'DEV_EXPOSE',
  'AUDIT_SINGLE_ROLE',
  'PLAIN_HTTP',
  'CORS_PLAINTEXT',
  'DATABASE_PLAINTEXT',
  'REDIS_PLAINTEXT',
  'SMTP_PLAINTEXT',
  'MAIL_OUTBOX',
];

/** What holds and is still worth a line in the log at start: risks that were accepted, and choices below the advice. */
export function configWarnings(values: SettledValues): readonly string[] {
  const accepted = ACCEPTANCES.filter((name) => values[name] === true).map((name) => `${name}=accept is in force`);
  const isShort = values.PASSWORD_MIN_LENGTH < 15;
  const short = 'PASSWORD_MIN_LENGTH is below 15, which NIST SP 800-63B-4 allows only beside a second factor';
  const isIdle = values.TRUSTED_DOCUMENTS === 'off' && values.TRUSTED_DOCUMENTS_FILE !== undefined;
  const idle = 'TRUSTED_DOCUMENTS_FILE is not read while TRUSTED_DOCUMENTS is off';
  return [...accepted, ...(isShort ? [short] : []), ...(isIdle ? [idle] : [])];
}
