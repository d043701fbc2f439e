import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { makeClientAddressReader } from '../../src/http/client-address.ts';

function requestFrom(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  return request;
}

const read = (proxies: readonly string[], peer: string | undefined, forwarded?: string) =>
  makeClientAddressReader(proxies)(requestFrom(peer, forwarded));

describe('a client', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['64:ff9b::c000:201', '192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:1:0:0:0:5', '2001:db8:0:1::5', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80::1', 'fe80:0:0:0::/64'],
    ['::1', '::1', '0:0:0:0::/64'],
    [undefined, '0.0.0.0', '0.0.0.0'],
  ])('at %s is %s and counts as %s', (peer, ip, key) => {
    expect(read([], peer)).toEqual({ ip, key, viaProxy: false });
  });

  test('of the next /64 counts apart', () => {
    expect(read([], '2001:db8:0:2::5').key).not.toBe(read([], '2001:db8:0:1::5').key);
  });
});

describe('X-Forwarded-For', () => {
  const PROXIES = ['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.200'];

  test.each([
    ['203.0.113.9', '198.51.100.1', '203.0.113.9', 'not from somebody else'],
    ['10.1.2.3', undefined, '10.1.2.3', 'the proxy itself, where it adds nothing'],
    ['10.1.2.3', '198.51.100.1', '198.51.100.1', 'from a proxy'],
    ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1', 'from a proxy that came by IPv6'],
    ['2001:db8:ffff::1', '198.51.100.1', '198.51.100.1', 'from an IPv6 proxy'],
    ['192.0.2.200', '198.51.100.1', '198.51.100.1', 'from a single address'],
    ['192.0.2.201', '198.51.100.1', '192.0.2.201', 'not from its neighbour'],
    ['10.1.2.3', '6.6.6.6, 198.51.100.1', '198.51.100.1', 'what the client wrote stands further left'],
    ['10.1.2.3', '6.6.6.6, 198.51.100.1, 10.9.9.9', '198.51.100.1', 'through two proxies'],
    ['10.1.2.3', '10.6.6.6, 198.51.100.1, 10.9.9.9', '198.51.100.1', 'a client may not pretend to be a proxy'],
    ['10.1.2.3', '10.7.7.7, 10.9.9.9', '10.7.7.7', 'the outermost where all are proxies'],
    ['10.1.2.3', '198.51.100.1:4711', '198.51.100.1', 'with a port'],
    ['10.1.2.3', '[2001:db8::7]:4711', '2001:db8::7', 'IPv6 with a port'],
    ['10.1.2.3', '[2001:db8::7]', '2001:db8::7', 'in brackets'],
    ['10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1', 'IPv4-mapped'],
    ['10.1.2.3', '198.51.100.1, unknown', '10.1.2.3', 'a gap ends the trust'],
    ['10.1.2.3', '6.6.6.6, 1', '10.1.2.3', 'a number is no address'],
    ['10.1.2.3', '6.6.6.6, 010.0.0.1', '10.1.2.3', 'nor is an octal one'],
    ['10.1.2.3', '', '10.1.2.3', 'empty'],
  ])('%s with %j is %s: %s', (peer, forwarded, expected, _why) => {
    expect(read(PROXIES, peer, forwarded).ip).toBe(expected);
  });

  test('tells whether the connection is a proxy’s, not what stands behind it', () => {
    expect(read(PROXIES, '10.1.2.3', '198.51.100.1').viaProxy).toBe(true);
    expect(read(PROXIES, '198.51.100.1', '10.1.2.3').viaProxy).toBe(false);
  });

  test('counts the client behind a proxy by its network as well', () => {
    expect(read(PROXIES, '10.1.2.3', '2001:db8:1:2:3::4').key).toBe('2001:db8:1:2::/64');
  });
});

test('many requests of one connection each have the client that they name', () => {
  const reader = makeClientAddressReader(['10.0.0.0/8']);
  const request = requestFrom('10.1.2.3', '198.51.100.1');
  const next = new IncomingMessage(request.socket);
  next.headers['x-forwarded-for'] = '198.51.100.2';
  expect([request, next, request].map((one) => reader(one).ip)).toEqual([
    '198.51.100.1',
    '198.51.100.2',
    '198.51.100.1',
  ]);
  const direct = requestFrom('192.0.2.1', '198.51.100.1');
  expect([direct, direct].map((one) => reader(one).ip)).toEqual(['192.0.2.1', '192.0.2.1']);
});
