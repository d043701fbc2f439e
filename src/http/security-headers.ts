import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

export type HeaderTable = Readonly<Record<string, string>>;

export interface SecurityHeaders {
  /** For everything but the playground: an answer that a browser should show as a page can load and run nothing. */
  readonly api: HeaderTable;
  /** For the playground's page, scripts and workers (a worker goes by its own file's policy). */
  readonly page: HeaderTable;
}

const YEAR_SECONDS = 31_536_000;

const FENCED_IN = { 'base-uri': ["'none'"], 'form-action': ["'none'"], 'frame-ancestors': ["'none'"] };

const API_POLICY = { 'default-src': ["'none'"], ...FENCED_IN };

/** The strictest that GraphiQL runs under. Its editor writes inline styles; its three workers are files of this origin. */
const PAGE_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'font-src': ["'self'", 'data:'],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'worker-src': ["'self'"],
  ...FENCED_IN,
};

/** Nothing here needs a device. Passkeys are left to the page's own origin, which is the default. */
const PERMISSIONS_POLICY = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'screen-wake-lock',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

function tableOf(directives: Record<string, string[]>, isHttps: boolean): HeaderTable {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: isHttps && { maxAge: YEAR_SECONDS, includeSubDomains: true },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })(request, response, (error) => {
    if (error !== undefined) throw error;
  });
  const headers = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(headers), 'permissions-policy': PERMISSIONS_POLICY };
}

/**
 * The headers of every answer, errors and preflights included (ASVS v5.0.0-3.4.1 to 3.4.6), worked out once. HSTS goes out
 * where clients reach this server by https.
 */
export function makeSecurityHeaders(publicUrl: string): SecurityHeaders {
  const isHttps = publicUrl.startsWith('https:');
  return { api: tableOf(API_POLICY, isHttps), page: tableOf(PAGE_POLICY, isHttps) };
}
