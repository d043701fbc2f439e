import { isIPv4 } from 'node:net';

/**
 * Whether a host name, as `URL.hostname` gives it, is this machine and nothing else: localhost, a name below it (RFC 6761
 * §6.3), 127.0.0.0/8 or ::1. A name that only resolves to such an address is not: who owns the name can move it.
 */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[(.+)\]$/, '$1');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIPv4(name) && name.startsWith('127.');
}
