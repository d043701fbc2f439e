import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { limitAddresses } from '../../src/http/address-window.ts';
import { recordingLogger } from '../support/recording-logger.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

test('a client that cannot be read gets an error, and ends neither the process nor what others ask', async () => {
  const logger = recordingLogger();
  const started = createServer(
    limitAddresses((_, response) => response.end('served'), {
      hitAddress: async () => 0,
      readClient: ({ headers }) => {
        if (headers['x-forwarded-for'] !== undefined) throw new TypeError('not an address');
        return { ip: '192.0.2.1', key: '192.0.2.1', viaProxy: false };
      },
      requestId: () => 'request-1',
      headers: {},
      allowedOrigins: new Set(),
      logger,
      isListening: () => true,
    }),
  ).listen(0, '127.0.0.1');
  server = started;
  await once(started, 'listening');
  const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}/`;
  const refused = await fetch(url, { headers: { 'x-forwarded-for': 'anything' } });
  expect(refused.status).toBe(500);
  expect(await refused.text()).not.toContain('not an address');
  expect(logger.lines).toMatchObject([{ level: 'debug' }, { level: 'error', message: 'a request failed' }]);
  expect(await (await fetch(url)).text()).toBe('served');
});
