import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from '../platform/logger.ts';
import { startWorkerLoop } from '../platform/worker-loop.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** How often the two files are looked at. */
  readonly reloadSeconds: number;
}

/** The contents of the two files; undefined where one could not be read. */
interface Pair {
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** From TLS 1.2 on, with forward secrecy and authenticated encryption alone (ASVS v5.0.0-12.1.1, 12.1.2, 11.6.2). */
const STRENGTH = {
  minVersion: 'TLSv1.2',
  ecdhCurve: 'X25519:P-256:P-384',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
} as const satisfies SecureContextOptions;

const isSame = (one: Pair, other: Pair): boolean => one.cert === other.cert && one.key === other.key;

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/**
 * What keeps a pair from being served, or undefined. OpenSSL itself says nothing of a key that is of another kind than the
 * certificate's, and a renewal may go from RSA to ECDSA.
 */
function faultOf({ cert, key }: Pair): string | undefined {
  if (cert === undefined) return 'TLS_CERT_FILE cannot be read';
  if (key === undefined) return 'TLS_KEY_FILE cannot be read';
  if (!chainOf(cert)) return 'TLS_CERT_FILE is no chain of certificates in PEM';
  if (!succeeds(() => createPrivateKey(key))) return 'TLS_KEY_FILE is no private key in PEM without a passphrase';
  const fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  return fits ? undefined : 'TLS_KEY_FILE is not the key of TLS_CERT_FILE';
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** Each certificate of the chain is whole: one that is cut off would be left out without a word. */
function chainOf(cert: string): boolean {
  const certificates = cert.split(BEGIN).slice(1);
  return certificates.length > 0 && certificates.every((one) => succeeds(() => new X509Certificate(`${BEGIN}${one}`)));
}

const optionsOf = ({ cert, key }: Pair): SecureContextOptions => ({
  ...STRENGTH,
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
});

function readNow({ certFile, keyFile }: TlsFiles): Pair {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  return { cert: read(certFile), key: read(keyFile) };
}

async function readAgain({ certFile, keyFile }: TlsFiles): Promise<Pair> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => undefined);
  return { cert: await read(certFile), key: await read(keyFile) };
}

/**
 * Makes a server with the pair of the files, and looks at them for as long as it listens. A pair that is new, has held still
 * between two looks, and fits, is what new connections get; those that stand keep theirs. Until then the old pair stays, and
 * the log says once why. The contents are compared and no events are waited for: what is swapped may be a link to a folder
 * further up (Kubernetes), a link (certbot) or the file itself.
 *
 * Throws an Error that names the setting at fault, and repeats nothing of the files.
 *
 * `startLoop` is a seam: tests look by hand.
 */
export function followTls(
  files: TlsFiles,
  logger: Logger,
  makeServer: (tls: SecureContextOptions) => Server,
  startLoop = startWorkerLoop,
): Server {
  let served = readNow(files);
  const fault = faultOf(served);
  if (fault !== undefined) throw new Error(fault);
  const server = makeServer(optionsOf(served));
  let seen = served;
  let refused: Pair | undefined;

  async function look(): Promise<boolean> {
    const found = await readAgain(files);
    const hasHeldStill = isSame(found, seen);
    seen = found;
    if (isSame(found, served)) refused = undefined;
    else if (hasHeldStill && (refused === undefined || !isSame(found, refused))) take(found);
    return false;
  }

  function take(found: Pair): void {
    const why = faultOf(found);
    if (why !== undefined) {
      refused = found;
      logger.warn('the TLS files changed and cannot be served: the old certificate stays', { why });
      return;
    }
    server.setSecureContext(optionsOf(found));
    served = found;
    refused = undefined;
    const { validTo, fingerprint256 } = new X509Certificate(found.cert ?? '');
    logger.info('a new TLS certificate is served', { validTo, fingerprint: fingerprint256 });
  }

  server.once('listening', () => {
    const loop = startLoop({ name: 'tls files', pollMs: files.reloadSeconds * 1_000, logger, step: look });
    server.once('close', () => void loop.stop());
  });
  return server;
}
