import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, loadConfig, withPort } from '../../src/config.ts';

const facts = { cores: 4, cwd: '/srv/accounts', rateLimitNames: ['loginByAccount', 'mail'] };
const load = (env: Environment) => loadConfig(env, facts);

function faultsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** The least that production starts with. */
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://accounts.example',
  DATABASE_URL: 'postgres://gatehouse:pw-canary@db.example/accounts?sslmode=verify-full',
  KEYRING: '{"canary":"keyring-canary"}',
  MAIL_URL: 'smtps://mailer:pw-canary@mail.example',
  TRUSTED_PROXIES: '10.0.0.0/8',
};

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('with nothing set', () => {
  const config = load({});

  test('it listens on loopback and is known as localhost', () => {
    expect(config).toMatchObject({
      production: false,
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'http://localhost:4000',
      appUrl: 'http://localhost:4000',
      tokenAudience: 'http://localhost:4000',
      ownOrigins: ['http://localhost:4000', 'http://127.0.0.1:4000'],
      mailFrom: 'Gatehouse <no-reply@localhost>',
    });
  });

  test('everything stands below the working directory', () => {
    expect(config.dataDir).toBe('/srv/accounts/.data');
    expect(config.keyring).toEqual({ kind: 'development', path: '/srv/accounts/.data/keyring.json' });
    expect(config.databaseUrl).toBeUndefined();
  });

  test('exploring is open, and every list is empty', () => {
    expect(config).toMatchObject({ introspection: true, playground: true, schemaEndpoint: true, registration: 'open' });
    expect([config.allowedHosts, config.corsOrigins, config.trustedProxies, config.warnings]).toEqual([[], [], [], []]);
    expect(config.rateLimits).toEqual({});
  });

  test('an empty text counts as not set', () => {
    expect(load({ PORT: '', DATABASE_URL: ' ', CORS_ORIGINS: '' })).toEqual(config);
  });

  test('hashes never take every core, whatever is set', () => {
    const hashes = (cores: number) => loadConfig({ HASH_CONCURRENCY: '64' }, { ...facts, cores }).passwords.concurrency;
    expect([1, 2, 8].map(hashes)).toEqual([1, 1, 7]);
  });

  test('hashes take all cores but one, and no more than three', () => {
    const hashes = (cores: number) => loadConfig({}, { ...facts, cores }).passwords.concurrency;
    expect([1, 2, 3, 4, 64].map(hashes)).toEqual([1, 1, 2, 3, 3]);
  });
});

describe('the config', () => {
  const config = load({ ...production, CORS_ORIGINS: 'https://app.example', LIMIT_MAIL: '7' });

  test('is frozen in depth', () => {
    const open: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(config, 'config');
    visit(withPort(config, 1), 'moved');
    expect(open).toEqual([]);
  });

  test('prints no secret, in whatever way it is printed', () => {
    const printed = [
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(config),
      String(config.databaseUrl),
    ];
    expect(printed.join()).not.toContain('canary');
    expect(printed.join()).toContain('[secret]');
    expect(config.databaseUrl?.reveal()).toBe(production.DATABASE_URL);
  });

  test('closes in production what explorers use', () => {
    expect(config).toMatchObject({ production: true, introspection: false, playground: false, schemaEndpoint: false });
    expect(config.ownOrigins).toEqual(['https://accounts.example']);
    expect(load({ ...production, PLAYGROUND: 'on' }).playground).toBe(true);
  });

  test('takes the limits of the rows it is given', () => {
    expect(config.rateLimits).toEqual({ mail: 7 });
    expect(load({ LIMIT_LOGIN_BY_ACCOUNT: '1000000000' }).rateLimits).toEqual({ loginByAccount: 1_000_000_000 });
    expect(faultsOf({ LIMIT_LOGIN_BY_ACCOUNT: '0', LIMIT_OTHER: 'x' })).toEqual([
      'LIMIT_LOGIN_BY_ACCOUNT must be a whole number from 1.',
    ]);
  });
});

describe('values', () => {
  test('outside production any whole number from 1 is taken', () => {
    const short = load({
      ACCESS_TOKEN_SECONDS: '1',
      SESSION_ABSOLUTE_SECONDS: '4',
      ARGON2_MEMORY_KIB: '8',
      PASSWORD_MIN_LENGTH: '1',
    });
    expect(short.accessTokenSeconds).toBe(1);
    expect(short.sessions.absoluteSeconds).toBe(4);
    expect(short.passwords).toMatchObject({ memoryKib: 8, minLength: 1 });
    expect(load({ ADDRESS_LIMIT: '999999999' }).addressLimit).toBe(999_999_999);
  });

  test('and nothing else is a number', () => {
    const bad = ['0', '-1', '1.5', '1e3', '0x10', 'ten', '9999999999999999'];
    expect(bad.map((ACCESS_TOKEN_SECONDS) => faultsOf({ ACCESS_TOKEN_SECONDS }))).toEqual(
      bad.map(() => ['ACCESS_TOKEN_SECONDS must be a whole number from 1.']),
    );
  });

  test('in production they stay within bounds', () => {
    expect(faultsOf({ ...production, ACCESS_TOKEN_SECONDS: '3601' })).toEqual([
      'ACCESS_TOKEN_SECONDS must be a whole number from 60 to 3600.',
    ]);
    expect(faultsOf({ ...production, PASSWORD_MIN_LENGTH: '7' })).toEqual([
      'PASSWORD_MIN_LENGTH must be a whole number from 8 to 64.',
    ]);
    expect(faultsOf({ ...production, PASSWORD_MIN_LENGTH: '8' })).toEqual([]);
  });

  test('switches take their two words alone', () => {
    expect(['true', 'ON', '1', 'constructor'].flatMap((PLAYGROUND) => faultsOf({ PLAYGROUND }))).toEqual(
      Array(4).fill('PLAYGROUND must be on or off.'),
    );
    expect(faultsOf({ DEV_EXPOSE: 'yes' })).toEqual(['DEV_EXPOSE must be accept or refuse.']);
    expect(faultsOf({ NODE_ENV: 'prod' })).toEqual(['NODE_ENV must be production, development or test.']);
    expect(faultsOf({ REGISTRATION: 'on' })).toEqual(['REGISTRATION must be open or closed.']);
  });

  test('CORS_ORIGINS takes exact origins as browsers send them', () => {
    const config = load({ CORS_ORIGINS: 'https://App.example:443, http://localhost:3000 ,capacitor://localhost,' });
    expect(config.corsOrigins).toEqual(['https://app.example', 'http://localhost:3000', 'capacitor://localhost']);
  });

  test.each([
    '*',
    'https://app.example/',
    'null',
    'app.example',
    'https://*.example',
    'https://app.example/x',
    'https://u@app.example',
    'https://app.example?x',
  ])('CORS_ORIGINS refuses %s', (text) => expect(faultsOf({ CORS_ORIGINS: text })).toHaveLength(1));

  test.each([
    'localhost:4000',
    'ftp://a.example',
    'http://localhost:4000/x',
    'http://u:p@localhost',
    'http://localhost?x',
    'http://localhost#',
  ])('PUBLIC_URL refuses %s', (text) => expect(faultsOf({ PUBLIC_URL: text })).toHaveLength(1));

  test('PUBLIC_URL and APP_URL lose the slash at their end', () => {
    const config = load({ PUBLIC_URL: 'http://LOCALHOST:4000/', APP_URL: 'https://app.example/account/' });
    expect([config.publicUrl, config.appUrl]).toEqual(['http://localhost:4000', 'https://app.example/account']);
  });

  test('TRUSTED_PROXIES takes addresses and ranges, and never all of them', () => {
    const ranges = ['10.0.0.0/8', '192.0.2.7', '::1', '2001:db8::/32'];
    expect(load({ TRUSTED_PROXIES: ranges.join(',') }).trustedProxies).toEqual(ranges);
    const bad = ['0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', '10.0.0', '10.0.0.1/00'];
    expect(bad.filter((TRUSTED_PROXIES) => faultsOf({ TRUSTED_PROXIES }).length === 0)).toEqual([]);
  });

  test('ALLOWED_HOSTS takes host headers', () => {
    expect(load({ ALLOWED_HOSTS: 'Accounts.Internal, 10.0.0.1:4000, [::1]:4000' }).allowedHosts).toEqual([
      'accounts.internal',
      '10.0.0.1:4000',
      '[::1]:4000',
    ]);
    const bad = ['*', '*.example', 'http://a.example', 'a.example/x', 'u@a.example', 'a b'];
    expect(bad.filter((ALLOWED_HOSTS) => faultsOf({ ALLOWED_HOSTS }).length === 0)).toEqual([]);
  });

  test('MAIL_FROM is one mailbox on one line', () => {
    expect(load({ MAIL_FROM: 'Accounts <no-reply@example.org>' }).mailFrom).toBe('Accounts <no-reply@example.org>');
    expect(load({ MAIL_FROM: 'no-reply@example.org' }).mailFrom).toBe('no-reply@example.org');
    const bad = ['nobody', 'a@b, c@d', 'A <a@b>\r\nBcc: x@y', 'A <a@b> <c@d>'];
    expect(bad.filter((MAIL_FROM) => faultsOf({ MAIL_FROM }).length === 0)).toEqual([]);
  });

  test('KEYRING_COMMAND is one executable or an array, never a shell line', () => {
    expect(load({ KEYRING_COMMAND: '/usr/bin/keyring' }).keyring).toEqual({
      kind: 'command',
      command: ['/usr/bin/keyring'],
    });
    expect(load({ KEYRING_COMMAND: '["vault","kv","get"]' }).keyring).toEqual({
      kind: 'command',
      command: ['vault', 'kv', 'get'],
    });
    const bad = ['vault kv get', '[]', '["vault",1]', '["vault"', '[""]'];
    expect(bad.filter((KEYRING_COMMAND) => faultsOf({ KEYRING_COMMAND }).length === 0)).toEqual([]);
  });

  test('the keyring has one source', () => {
    expect(load({ KEYRING_FILE: 'keys.json' }).keyring).toEqual({ kind: 'file', path: '/srv/accounts/keys.json' });
    expect(faultsOf({ KEYRING: '{}', KEYRING_FILE: 'keys.json' })).toHaveLength(1);
    expect(faultsOf({ KEYRING_COMMAND: '/bin/keys', KEYRING_FILE: 'keys.json' })).toHaveLength(1);
  });

  test('a certificate and its key come together, and make the default origin https', () => {
    expect(faultsOf({ TLS_CERT_FILE: 'c.pem' })).toEqual(['TLS_KEY_FILE must be set where TLS_CERT_FILE is.']);
    expect(faultsOf({ TLS_KEY_FILE: 'k.pem' })).toEqual(['TLS_CERT_FILE must be set where TLS_KEY_FILE is.']);
    const config = load({ TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: 'k.pem' });
    expect(config.tls).toEqual({
      certFile: '/srv/accounts/c.pem',
      keyFile: '/srv/accounts/k.pem',
      reloadSeconds: 10,
    });
    expect(config.ownOrigins).toEqual(['https://localhost:4000', 'https://127.0.0.1:4000']);
  });
});

describe('secrets from files', () => {
  const file = join(folder, 'database-url');
  writeFileSync(file, `${production.DATABASE_URL}\n`);

  test('a secret comes from the file that NAME_FILE names', () => {
    expect(load({ DATABASE_URL_FILE: file }).databaseUrl?.reveal()).toBe(production.DATABASE_URL);
  });

  test('not both, and not from a file that is missing or empty', () => {
    const empty = join(folder, 'empty');
    writeFileSync(empty, '\n');
    expect(faultsOf({ DATABASE_URL_FILE: file, DATABASE_URL: production.DATABASE_URL })).toEqual([
      'DATABASE_URL must not be set together with DATABASE_URL_FILE.',
    ]);
    expect(faultsOf({ REDIS_URL_FILE: empty, MAIL_URL_FILE: join(folder, 'missing') })).toEqual([
      'REDIS_URL_FILE must name a file that can be read and is not empty.',
      'MAIL_URL_FILE must name a file that can be read and is not empty.',
    ]);
  });

  test('what no secret is has no file', () => {
    expect(load({ PORT_FILE: file }).port).toBe(4000);
  });
});

describe('several faults at once', () => {
  test('are all told, each with its name, and never with the value', () => {
    const faults = faultsOf({ PORT: 'canary', LOG_LEVEL: 'canary', DATABASE_URL: 'mysql://canary', HOST: '0.0.0.0' });
    expect(faults).toEqual(
      [
        'HOST must be a loopback address outside production, or DEV_EXPOSE=accept.',
        'PORT must be a port: a whole number from 0 to 65535.',
        'DATABASE_URL must be a URL that begins with postgres:// or postgresql://.',
        'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent.',
      ].sort((a, b) => faults.indexOf(a) - faults.indexOf(b)),
    );
    expect(faults.join()).not.toContain('canary');
  });

  test('are told once each: what cannot be read is not judged as missing, too', () => {
    expect(faultsOf({ ...production, PUBLIC_URL: 'accounts.example', APP_URL: 'https://app.example' })).toHaveLength(1);
    expect(faultsOf({ ...production, DATABASE_URL: 'mysql://x' })).toHaveLength(1);
    expect(faultsOf({ ...production, NODE_ENV: 'prod', HOST: '0.0.0.0' })).toHaveLength(1);
  });

  test('stand in the message, a line each', () => {
    expect(() => load({ PORT: 'x', LOG_LEVEL: 'x' })).toThrow(
      /^The settings do not hold:\n- PORT must .*\n- LOG_LEVEL must .*$/,
    );
  });
});

describe('PORT=0', () => {
  test('what was derived from the port follows the one that the system chose', () => {
    const config = withPort(load({ PORT: '0' }), 51_234);
    expect(config).toMatchObject({
      port: 51_234,
      publicUrl: 'http://localhost:51234',
      appUrl: 'http://localhost:51234',
      tokenAudience: 'http://localhost:51234',
      ownOrigins: ['http://localhost:51234', 'http://127.0.0.1:51234'],
    });
  });

  test('and what was set stays', () => {
    const config = withPort(
      load({ PORT: '0', PUBLIC_URL: 'http://localhost:8080', APP_URL: 'http://localhost:3000/x' }),
      51_234,
    );
    expect([config.publicUrl, config.appUrl]).toEqual(['http://localhost:8080', 'http://localhost:3000/x']);
  });
});

describe('trusted documents', () => {
  test('are off, need their file otherwise, and a file that nothing reads is told', () => {
    expect(load({}).trustedDocuments).toEqual({ mode: 'off', file: undefined });
    for (const mode of ['prefer', 'require']) {
      expect(faultsOf({ TRUSTED_DOCUMENTS: mode })).toEqual([
        'TRUSTED_DOCUMENTS_FILE must be set where TRUSTED_DOCUMENTS is prefer or require.',
      ]);
    }
    expect(load({ TRUSTED_DOCUMENTS: 'require', TRUSTED_DOCUMENTS_FILE: 'ids.json' })).toMatchObject({
      trustedDocuments: { mode: 'require', file: '/srv/accounts/ids.json' },
      warnings: [],
    });
    expect(load({ TRUSTED_DOCUMENTS_FILE: 'ids.json' }).warnings).toEqual([
      'TRUSTED_DOCUMENTS_FILE is not read while TRUSTED_DOCUMENTS is off',
    ]);
  });
});
