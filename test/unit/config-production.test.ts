import { describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, loadConfig } from '../../src/config.ts';

const complete = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://accounts.example',
  DATABASE_URL: 'postgres://u:p@db.example/accounts?sslmode=verify-full',
  KEYRING: '{}',
  MAIL_URL: 'smtps://u:p@mail.example',
  TRUSTED_PROXIES: '10.0.0.0/8',
};

const load = (env: Environment) => loadConfig(env, { cores: 2, cwd: '/srv' });

function faultsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** Names of the settings that stop production when `change` is made to a complete environment. */
const stops = (change: Environment) => faultsOf({ ...complete, ...change }).map((fault) => fault.split(' ')[0]);

describe('production', () => {
  test('starts with what it needs', () => {
    expect(faultsOf(complete)).toEqual([]);
  });

  test('tells everything that is missing at once', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
      'PUBLIC_URL must be set in production, and begin with https:.',
      'APP_URL must begin with https: in production: its links carry tokens.',
      'DATABASE_URL must be set in production.',
      'KEYRING must be set in production, or KEYRING_FILE or KEYRING_COMMAND.',
      'MAIL_URL must be set in production, or MAIL_OUTBOX=accept.',
      'TLS_CERT_FILE must be set in production, or TRUSTED_PROXIES where a proxy ends TLS, or PLAIN_HTTP=accept.',
    ]);
  });

  test('needs https for its own address and for the pages that mails link to', () => {
    expect(stops({ PUBLIC_URL: 'http://accounts.example', APP_URL: 'https://app.example' })).toEqual(['PUBLIC_URL']);
    expect(stops({ APP_URL: 'http://app.example' })).toEqual(['APP_URL']);
  });

  test('may listen on any address', () => {
    expect(stops({ HOST: '0.0.0.0' })).toEqual([]);
  });

  test.each([
    ['a keyring file', { KEYRING: '', KEYRING_FILE: '/run/keys' }],
    ['a keyring command', { KEYRING: '', KEYRING_COMMAND: '/bin/keys' }],
    ['a certificate instead of a proxy', { TRUSTED_PROXIES: '', TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: 'k.pem' }],
  ])('takes %s', (_, change) => {
    expect(stops(change)).toEqual([]);
  });

  test.each([
    ['MAIL_URL', { MAIL_URL: '' }, 'MAIL_OUTBOX'],
    ['TLS_CERT_FILE', { TRUSTED_PROXIES: '' }, 'PLAIN_HTTP'],
    ['CORS_ORIGINS', { CORS_ORIGINS: 'https://a.example,http://b.example' }, 'CORS_PLAINTEXT'],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://db.example/a' }, 'DATABASE_PLAINTEXT'],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://db.example/a?sslmode=require' }, 'DATABASE_PLAINTEXT'],
    [
      'DATABASE_URL',
      { DATABASE_URL: 'postgres://db.example/a?sslmode=verify-full&sslmode=disable' },
      'DATABASE_PLAINTEXT',
    ],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://localhost/a?host=db.example' }, 'DATABASE_PLAINTEXT'],
    [
      'MIGRATION_DATABASE_URL',
      { MIGRATION_DATABASE_URL: 'postgres://db.example/a?sslmode=verify-ca' },
      'DATABASE_PLAINTEXT',
    ],
    ['REDIS_URL', { REDIS_URL: 'redis://cache.example' }, 'REDIS_PLAINTEXT'],
    ['MAIL_URL', { MAIL_URL: 'smtp://mail.example' }, 'SMTP_PLAINTEXT'],
    ['MAIL_URL', { MAIL_URL: 'smtp://mail.example?requireTLS=false' }, 'SMTP_PLAINTEXT'],
    ['MAIL_URL', { MAIL_URL: 'smtp://mail.example?requireTLS=true&ignoreTLS=true' }, 'SMTP_PLAINTEXT'],
    ['MAIL_URL', { MAIL_URL: 'smtps://mail.example?tls.rejectUnauthorized=false' }, 'SMTP_PLAINTEXT'],
    ['MAIL_URL', { MAIL_URL: 'smtps://mail.example?tls.rejectUnauthorized=0' }, 'SMTP_PLAINTEXT'],
  ])('refuses a weak %s %j unless %s=accept', (name, change, exception) => {
    expect(stops(change)).toEqual([name]);
    expect(faultsOf({ ...complete, ...change })[0]).toContain(`${exception}=accept`);
    expect(stops({ ...change, [exception]: 'accept' })).toEqual([]);
    expect(load({ ...complete, ...change, [exception]: 'accept' }).warnings).toEqual([
      `${exception}=accept is in force`,
    ]);
  });

  test.each([
    { DATABASE_URL: 'postgres://127.0.0.1/a' },
    { DATABASE_URL: 'postgres://u@localhost/a' },
    { DATABASE_URL: 'postgres:///a?host=/var/run/postgresql' },
    { DATABASE_URL: 'postgres://u@%2Fvar%2Frun%2Fpostgresql/a' },
    { REDIS_URL: 'rediss://cache.example' },
    { REDIS_URL: 'redis://[::1]:6379' },
    { MAIL_URL: 'smtp://localhost:25' },
    { MAIL_URL: 'smtp://mail.example?requireTLS=true' },
    { CORS_ORIGINS: 'https://app.example,capacitor://localhost' },
  ])('takes %j', (change) => {
    expect(stops(change)).toEqual([]);
  });

  test('a name that begins or ends like loopback is far', () => {
    const far = ['127.0.0.1.example', 'localhost.example', 'notlocalhost', '128.0.0.1'];
    expect(far.flatMap((host) => stops({ REDIS_URL: `redis://${host}` }))).toEqual(far.map(() => 'REDIS_URL'));
  });

  test('refuses * among the origins', () => {
    expect(stops({ CORS_ORIGINS: '*', CORS_PLAINTEXT: 'accept' })).toEqual(['CORS_ORIGINS']);
  });

  test('refuses to check no certificate at all', () => {
    expect(stops({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual(['NODE_TLS_REJECT_UNAUTHORIZED']);
    expect(stops({ NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([]);
  });

  test.each([
    ['47104', '1', []],
    ['47103', '1', ['ARGON2_MEMORY_KIB']],
    ['19456', '2', []],
    ['19455', '2', ['ARGON2_MEMORY_KIB']],
    ['12288', '3', []],
    ['12288', '2', ['ARGON2_MEMORY_KIB']],
    ['12287', '9', ['ARGON2_MEMORY_KIB']],
    ['65536', '4', []],
  ])("argon2 with %s KiB and %s passes against OWASP's floor", (ARGON2_MEMORY_KIB, ARGON2_PASSES, expected) => {
    expect(stops({ ARGON2_MEMORY_KIB, ARGON2_PASSES })).toEqual(expected);
  });

  test('a session cannot idle for longer than it lives', () => {
    expect(stops({ SESSION_IDLE_SECONDS: '7200', SESSION_ABSOLUTE_SECONDS: '3600' })).toEqual(['SESSION_IDLE_SECONDS']);
    expect(stops({ PRIVILEGED_SESSION_IDLE_SECONDS: '50000' })).toEqual(['PRIVILEGED_SESSION_IDLE_SECONDS']);
  });

  test('the log says at start what is below the advice', () => {
    expect(load({ ...complete, PASSWORD_MIN_LENGTH: '10' }).warnings).toHaveLength(1);
    expect(load(complete).warnings).toEqual([]);
  });
});

describe('outside production', () => {
  test.each([{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '192.0.2.1' }, { PUBLIC_URL: 'https://accounts.example' }])(
    '%j stops the start unless DEV_EXPOSE=accept',
    (change) => {
      expect(faultsOf(change)).toHaveLength(1);
      expect(faultsOf({ ...change, DEV_EXPOSE: 'accept' })).toEqual([]);
    },
  );

  test.each([
    { HOST: 'localhost' },
    { HOST: '::1' },
    { HOST: '127.0.0.2' },
    { PUBLIC_URL: 'http://accounts.localhost:4000' },
  ])('%j is this machine', (change) => {
    expect(faultsOf(change)).toEqual([]);
  });
});
