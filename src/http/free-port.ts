import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port on `host` that nothing listens on now, for PORT=0: the server's own URL stands in tokens and mails, so it must be
 * known before anything is put together. Nobody holds the port until the server listens; if it is taken in between, that fails.
 */
export async function findFreePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new TypeError(`No port on ${host}`);
  return address.port;
}
