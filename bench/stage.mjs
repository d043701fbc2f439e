/** Where a run takes place: a PostgreSQL, a folder, keys, and the settings of the server under test. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { generateKeyring } from '../dist/src/crypto/keyring.js';
import { LIMIT_SETTING_NAMES } from '../dist/src/limits/rate-limits.js';
import { startEmbeddedPostgres } from '../dist/src/platform/embedded-postgres.js';
import { systemRandom } from '../dist/src/platform/random.js';
import { limitVariable } from '../dist/src/settings.js';

const silent = { debug() {}, info() {}, warn() {}, error: (text, facts) => console.error(text, facts ?? '') };

/** One that nobody uses. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/**
 * Opens a stage. `keep` is a folder that outlives the run, with its database (a million people take minutes to make); without
 * it everything is thrown away. DATABASE_URL, where it is set, is the owner's of an empty database and stands in for the
 * embedded one.
 */
export async function openStage(keep) {
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const given = process.env.DATABASE_URL;
  const postgres = given === undefined ? await startEmbeddedPostgres({ dataDir: folder, logger: silent }) : undefined;
  const serverUrl = given ?? postgres.serverUrl.reveal();
  const ownerUrl = given ?? postgres.ownerUrl.reveal();
  const keyringFile = join(folder, 'bench-keyring.json');
  write(keyringFile, () => generateKeyring({ development: false, random: systemRandom }));
  const secret = randomBytes(32).toString('hex');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwkFile = join(folder, 'bench-jwk.json');
  writeFileSync(jwkFile, JSON.stringify(publicKey.export({ format: 'jwk' })));
  const signer = await importJWK(privateKey.export({ format: 'jwk' }), 'EdDSA');

  return {
    ownerUrl,
    /** The server's settings: as in production, with limits that one address does not reach, unless `settings` say so. */
    serverEnv: (port, settings = {}) => ({
      NODE_ENV: 'production',
      PORT: String(port),
      PUBLIC_URL: 'https://bench.example',
      ALLOWED_HOSTS: `127.0.0.1:${port}`,
      DATA_DIR: folder,
      DATABASE_URL: serverUrl,
      MIGRATION_DATABASE_URL: ownerUrl,
      KEYRING_FILE: keyringFile,
      MAIL_OUTBOX: 'accept',
      PLAIN_HTTP: 'accept',
      ...(given === undefined ? {} : { AUDIT_SINGLE_ROLE: 'accept', DATABASE_PLAINTEXT: 'accept' }),
      LOG_LEVEL: 'warn',
      ADDRESS_LIMIT: '1000000',
      ...Object.fromEntries(LIMIT_SETTING_NAMES.map((name) => [limitVariable(name), '1000000000'])),
      ...settings,
    }),
    referenceEnv: (port) => ({
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: ownerUrl,
      TOKEN_SECRET: secret,
      TOKEN_JWK_FILE: jwkFile,
    }),
    /** Tokens for `typical`, which shares a secret, and for `mercurius`, which knows a public key. */
    signShared: (id) => sign(id, 'HS256', Buffer.from(secret)),
    signPublic: (id) => sign(id, 'EdDSA', signer),
    async close() {
      await postgres?.stop();
      if (keep === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

const sign = (id, alg, key) =>
  new SignJWT({}).setSubject(id).setProtectedHeader({ alg }).setIssuedAt().setExpirationTime('12h').sign(key);

function write(path, make) {
  try {
    readFileSync(path);
  } catch {
    writeFileSync(path, make(), { mode: 0o600 });
  }
}
