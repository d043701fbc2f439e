import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { isLoopbackHost } from '../platform/loopback.ts';
import { parseUrl } from '../platform/parse-url.ts';

/** The host that a request is meant for: a target that is a whole URL outdoes the Host header (RFC 9112 §3.2.2). */
export const hostOf = ({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string | undefined =>
  (url.startsWith('/') ? undefined : parseUrl(url)?.host) ?? headers.host;

/**
 * Whether a Host header names this server: PUBLIC_URL's host, one of ALLOWED_HOSTS or, outside production, a loopback name
 * with any port. Anything else is a page of another site whose name was pointed here (DNS rebinding), and for the browser
 * that page and this server would be one origin. X-Forwarded-Host never counts.
 */
export function makeHostCheck({
  publicUrl,
  allowedHosts,
  production,
}: Pick<Config, 'publicUrl' | 'allowedHosts' | 'production'>): (host: string | undefined) => boolean {
  const { protocol, host: publicHost } = new URL(publicUrl);
  const defaultPort = protocol === 'https:' ? /:443$/ : /:80$/;
  const bare = (host: string) => host.toLowerCase().replace(defaultPort, '');
  const taken = new Set([publicHost, ...allowedHosts].map(bare));

  return (host) => {
    if (host === undefined) return false;
    if (taken.has(bare(host))) return true;
    const [, name] = /^(\[[^\]]*\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host) ?? [];
    return !production && name !== undefined && isLoopbackHost(name);
  };
}
