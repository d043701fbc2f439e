import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Who sent a request, as far as the network knows. */
export interface ClientAddress {
  /** In canonical form; IPv4-mapped and NAT64 addresses as their IPv4. */
  readonly ip: string;
  /** What limits count by: the IPv4 address, or the /64 of an IPv6 one, of which one household has 2^64 addresses. */
  readonly key: string;
  /** The connection itself comes from a trusted proxy. */
  readonly viaProxy: boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** RFC 6052 §2.1. Unless unwrapped, all of IPv4 would stand in one /64 and share one limit. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/%.*$/, '');
  if (isIP(bare) === 0) return undefined;
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv6 && address.match(NAT64)) return new ipaddr.IPv4(address.toByteArray().slice(12));
  return address;
}

/** One element of X-Forwarded-For: an address, also with a port or in brackets as some proxies write it. */
function parseHop(text: string): Address | undefined {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  const [, withPort] = /^([\d.]+):\d+$/.exec(text) ?? [];
  return parseAddress(bracketed ?? withPort ?? text);
}

const parseRange = (text: string): Range => {
  if (isIP(text) === 0) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
};

const isWithin = (address: Address, [network, bits]: Range): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

function toClient(address: Address, viaProxy: boolean): ClientAddress {
  if (address instanceof ipaddr.IPv4) return { ip: address.toString(), key: address.toString(), viaProxy };
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return { ip: address.toRFC5952String(), key: `${network.join(':')}::/64`, viaProxy };
}

interface Peer {
  readonly address: Address;
  /** The client, where the peer is no trusted proxy. */
  readonly client: ClientAddress | undefined;
}

/** A connection that is already gone has no address any more; nobody reads its answer. */
const GONE = new ipaddr.IPv4([0, 0, 0, 0]);

/**
 * Reads a request's client. X-Forwarded-For is believed from the right, as far as each hop is a trusted proxy: what stands
 * further left was written by the client, who may write anything (ASVS v5.0.0-4.1.3). No other header is looked at.
 */
export function makeClientAddressReader(
  trustedProxies: readonly string[],
): (request: IncomingMessage) => ClientAddress {
  const ranges = trustedProxies.map(parseRange);
  const isTrusted = (address: Address) => ranges.some((range) => isWithin(address, range));
  /** A connection's peer stays the same: most bring many requests. */
  const peers = new WeakMap<Socket, Peer>();

  function readPeer(socket: Socket): Peer {
    const address = parseAddress(socket.remoteAddress ?? '') ?? GONE;
    const peer = { address, client: isTrusted(address) ? undefined : toClient(address, false) };
    if (address !== GONE) peers.set(socket, peer);
    return peer;
  }

  return ({ socket, headers }) => {
    const { address: peer, client: direct } = peers.get(socket) ?? readPeer(socket);
    if (direct !== undefined) return direct;
    const hops = [headers['x-forwarded-for'] ?? ''].flat().join(',').split(',');
    let client = peer;
    for (const hop of hops.reverse()) {
      const address = parseHop(hop.trim());
      if (address === undefined) break;
      client = address;
      if (!isTrusted(address)) break;
    }
    return toClient(client, true);
  };
}
