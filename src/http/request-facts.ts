import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Origin, RequestCookies } from '../access/request-context.ts';
import type { ClientAddress } from './client-address.ts';
import type { Cookies } from './cookies.ts';

declare module 'fastify' {
  interface FastifyRequest {
    client: ClientAddress;
  }
  interface FastifyContextConfig {
    /** Answered whatever the Host, the limits and the load. */
    isHealth?: boolean;
    /** Part of the playground's page, under its policy. */
    isPage?: boolean;
    /** Cache-Control of a good answer; no-store where it is missing. */
    cache?: string;
  }
}

/** What the transport knows of a request to /graphql. */
export interface RequestFacts {
  readonly requestId: string;
  readonly origin: Origin;
  readonly clientKey: string;
  /** The Authorization header as sent. */
  readonly authorization: string | undefined;
  /** The Origin header is one of this server's own or of CORS_ORIGINS. Whatever sets or takes a cookie needs that (login CSRF). */
  readonly fromAllowedOrigin: boolean;
  /** Sec-Fetch-Site says that a page of another site sent it. */
  readonly isCrossSite: boolean;
  readonly cookies: RequestCookies;
}

/** What is kept and shown of a User-Agent. */
const MAX_USER_AGENT = 512;

export function toRequestFacts(
  request: FastifyRequest,
  reply: FastifyReply,
  cookies: Cookies,
  allowedOrigins: ReadonlySet<string>,
): RequestFacts {
  const { headers, client } = request;
  return {
    requestId: request.id,
    origin: { ip: client.ip, userAgent: headers['user-agent']?.slice(0, MAX_USER_AGENT) || null },
    clientKey: client.key,
    authorization: headers.authorization,
    fromAllowedOrigin: allowedOrigins.has(headers.origin ?? ''),
    isCrossSite: headers['sec-fetch-site'] === 'cross-site',
    cookies: {
      find: (name) => cookies.find(headers.cookie, name),
      set: (name, value, maxAgeSeconds) => void reply.header('set-cookie', cookies.set(name, value, maxAgeSeconds)),
      clear: (name) => void reply.header('set-cookie', cookies.clear(name)),
    },
  };
}
