import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeClientAddressReader } from '../../src/http/client-address.ts';

const read = makeClientAddressReader(['10.0.0.0/8']);

function clientOf(remoteAddress: string, forwarded: string) {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  request.headers['x-forwarded-for'] = forwarded;
  return read(request);
}

const publicIp = fc.ipV4().filter((ip) => !ip.startsWith('10.'));
/** Whatever a client may put into a header, addresses of proxies above all. */
const written = fc.oneof(
  fc.string(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', 'unknown', ',', '[::1]:1', '::ffff:10.0.0.1'),
);

test('a client that is no proxy is its own address, whatever it writes', () => {
  fc.assert(
    fc.property(publicIp, written, (ip, text) => expect(clientOf(ip, text)).toEqual({ ip, key: ip, viaProxy: false })),
  );
});

test('behind a proxy a client is what the proxy added, whatever it wrote before that', () => {
  const forged = fc.array(written).map((parts) => parts.join(','));
  fc.assert(
    fc.property(publicIp, forged, (ip, text) =>
      expect(clientOf('10.0.0.1', `${text}, ${ip}`)).toMatchObject({ ip, key: ip }),
    ),
  );
});
